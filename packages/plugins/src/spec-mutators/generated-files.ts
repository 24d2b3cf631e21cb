import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JockerError, type OciMount, type SpecInput, type SpecMutator } from '@jocker/core';
import { hostsFile } from './hosts-file.ts';
import { isBelow } from './is-below.ts';
import { resolvConf } from './resolv-conf.ts';

/** /etc/hosts, /etc/hostname and /etc/resolv.conf: files of this container's own, unless the user mounts something there. */
export const generatedFiles: SpecMutator = {
  name: 'generated-files',
  phase: 'early',
  async mutate(draft, input) {
    const contents: readonly (readonly [name: string, content: () => Promise<string>])[] = [
      ['hosts', async () => hostsFile(input.request, draft.hostname, draft.domainname, await hostText('/etc/hosts', input))],
      ['hostname', async () => `${draft.hostname ?? (await hostText('/etc/hostname', input)).trim()}\n`],
      ['resolv.conf', async () => resolvConf(input.request, await hostText('/etc/resolv.conf', input))],
    ];
    const wanted = contents.filter(
      ([name]) => !draft.mounts.some((mount) => isUserMount(mount) && isBelow(`/etc/${name}`, mount.destination)),
    );
    // Everything is checked before the first byte is written: nothing may still be writing when this has thrown.
    const files = await Promise.all(wanted.map(async ([name, content]) => ({ text: await content(), mount: await mountOf(name, input) })));
    await Promise.all(files.map(async ({ text, mount }) => await writeFile(mount.source, text, { mode: 0o644 })));
    draft.mounts.push(...files.map(({ mount }) => mount));
  },
};

async function mountOf(name: string, { rootfs, stateDirectory, request }: SpecInput): Promise<OciMount & { source: string }> {
  const destination = `/etc/${name}`;
  if ((await rootfs.resolve(destination)) === undefined) {
    throw new JockerError('invalid-argument', `the image's ${destination} leads out of its root file system`);
  }
  const options = ['rbind', 'rprivate', request.readonlyRootfs === true ? 'ro' : 'rw'];
  return { destination, type: 'bind', source: join(stateDirectory, name), options };
}

/** Defaults lie in /proc, /dev and /sys; whatever else is there by now was asked for. */
function isUserMount(mount: OciMount): boolean {
  return !['/proc', '/dev', '/sys'].some((folder) => isBelow(mount.destination, folder));
}

async function hostText(path: string, { request }: SpecInput): Promise<string> {
  if (path === '/etc/hosts' && request.network !== 'host') return '';
  return await readFile(path, 'utf8').catch(() => '');
}
