import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JockerError, type OciMount, type OciSpec, type SpecInput, type SpecMutator } from '@jocker/core';
import { hostsFile } from './hosts-file.ts';
import { isBelow } from './is-below.ts';
import { changesResolvConf, resolvConf, resolvConfOfHost } from './resolv-conf.ts';

const names = ['hosts', 'hostname', 'resolv.conf'] as const;

/** /etc/hosts, /etc/hostname and /etc/resolv.conf: files of this container's own, unless the user mounts something there. */
export const generatedFiles: SpecMutator = {
  name: 'generated-files',
  phase: 'early',
  async mutate(draft, input) {
    const wanted = names.filter((name) => !draft.mounts.some((mount) => isUserMount(mount) && isBelow(`/etc/${name}`, mount.destination)));
    // Everything is checked before the first byte is written: nothing may still be writing when this has thrown.
    const files = await Promise.all(
      wanted.map(async (name) => ({ mount: await mountOf(name, input), write: await writerOf(name, draft, input) })),
    );
    await Promise.all(files.map(async ({ mount, write }) => await write(mount.source)));
    draft.mounts.push(...files.map(({ mount }) => mount));
  },
};

type Write = (path: string) => Promise<void>;

async function writerOf(name: (typeof names)[number], { hostname, domainname }: OciSpec, { request }: SpecInput): Promise<Write> {
  switch (name) {
    case 'hosts':
      return textWriter(hostsFile(request, hostname, domainname, request.network === 'host' ? await hostText('/etc/hosts') : ''));
    case 'hostname':
      return textWriter(`${hostname ?? (await hostText('/etc/hostname')).trim()}\n`);
    case 'resolv.conf': {
      const ofHost = await resolvConfOfHost(request, hostText);
      return textWriter(changesResolvConf(request) ? resolvConf(request, ofHost) : ofHost);
    }
  }
}

function textWriter(text: string): Write {
  return async (path) => await writeFile(path, text, { mode: 0o644 });
}

async function hostText(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}

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
