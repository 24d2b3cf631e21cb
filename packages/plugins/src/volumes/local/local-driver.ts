import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JockerError, mountCalls, type VolumeDriver } from '@jocker/core';
import { native } from '@jocker/native';
import { copyTree } from '../../snapshotters/copy/copy-tree.ts';
import { diskUsage } from '../../snapshotters/shared/disk-usage.ts';
import { isMounted } from './is-mounted.ts';
import { parseLocalOptions, type LocalMount } from './parse-local-options.ts';

const detach = 2;

/**
 * A folder per volume: `NAME/_data` with the files, `NAME/options.json` when something is mounted over them while containers use it
 * (docker's options `type`, `device` and `o`).
 */
export function createLocalDriver(root: string): VolumeDriver {
  const folderOf = (name: string): string => join(root, name);
  const dataOf = (name: string): string => join(root, name, '_data');
  const optionsOf = (name: string): string => join(root, name, 'options.json');
  /** Who has a mount over a volume; found anew by the engine's calls after a start. */
  const users = new Map<string, Set<string>>();

  const mountOptions = async (name: string): Promise<LocalMount | undefined> => {
    const text = await readFile(optionsOf(name), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : parseLocalOptions(JSON.parse(text) as Readonly<Record<string, string>>);
  };

  return {
    name: 'local',
    probe: async () => ({ usable: true }),
    async create(name, options) {
      const mount = parseLocalOptions(options);
      await mkdir(dataOf(name), { recursive: true, mode: 0o755 });
      // mkdir goes by the umask; containers run as anybody.
      await Promise.all([chmod(root, 0o711), chmod(folderOf(name), 0o711), chmod(dataOf(name), 0o755)]);
      if (mount === undefined) return;
      await writeFile(`${optionsOf(name)}.new`, JSON.stringify(options));
      await rename(`${optionsOf(name)}.new`, optionsOf(name));
    },
    async mount(name, containerId) {
      const hostPath = dataOf(name);
      const wanted = await mountOptions(name);
      if (wanted !== undefined) {
        const using = users.get(name) ?? new Set();
        users.set(name, using.add(containerId));
        if (!(await isMounted(hostPath))) mountOver(hostPath, wanted, name);
      }
      return { mount: { type: 'bind', source: hostPath, options: ['rbind'] }, hostPath };
    },
    async unmount(name, containerId) {
      const using = users.get(name);
      using?.delete(containerId);
      if (using !== undefined && using.size > 0) return;
      users.delete(name);
      if ((await mountOptions(name)) !== undefined && (await isMounted(dataOf(name)))) native().unmount(dataOf(name), detach);
    },
    async remove(name) {
      if (await isMounted(dataOf(name))) native().unmount(dataOf(name), detach);
      await rm(folderOf(name), { recursive: true, force: true });
    },
    list: async () => await readdir(root).catch(() => []),
    hostPath: async (name) => dataOf(name),
    isEmpty: async (name) => (await readdir(dataOf(name))).length === 0,
    async fill(name, from, { signal }) {
      for (const entry of await readdir(dataOf(name))) await rm(join(dataOf(name), entry), { recursive: true, force: true });
      await copyTree(from, dataOf(name), signal);
    },
    usageBytes: async (name) => await diskUsage(dataOf(name)),
  };
}

function mountOver(target: string, mount: LocalMount, name: string): void {
  try {
    for (const call of mountCalls([mount], target)) native().mount(call.source, call.target, call.type, call.flags, call.data);
  } catch (cause) {
    throw new JockerError(
      'failed-precondition',
      `volume ${name} cannot be mounted: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
