import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { JockerError } from '../errors/jocker-error.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';

/** Empty folders below `root`: enough for containers of the fake runtime. Every layer is there already. */
export function createFakeSnapshotter(root: string): Snapshotter {
  const mounts = (key: string) => [{ type: 'bind', source: join(root, key), options: ['rbind'] }];
  const assertPrepared = async (key: string): Promise<void> => {
    if (!(await readdir(root).catch((): string[] => [])).includes(key)) throw new JockerError('not-found', `there is no snapshot ${key}`);
  };
  return {
    name: 'fake',
    whiteouts: 'plain',
    probe: async () => ({ usable: true }),
    has: async () => true,
    async prepareLayer(key) {
      await mkdir(join(root, key), { recursive: true });
      return { directory: join(root, key) };
    },
    commitLayer: async (_chainId, key) => rm(join(root, key), { recursive: true, force: true }),
    async prepare(key) {
      await mkdir(join(root, key), { recursive: true });
      return mounts(key);
    },
    async mounts(key) {
      await assertPrepared(key);
      return mounts(key);
    },
    view: async () => [],
    changesDirectory: async () => undefined,
    directories: async (key) => [join(root, key)],
    layerDirectories: async () => [],
    usage: async () => 100,
    layerUsage: async () => 1_000,
    remove: async (key) => rm(join(root, key), { recursive: true, force: true }),
    removeLayer: async () => undefined,
    list: async () => ({ keys: await readdir(root).catch((): string[] => []), layers: [] }),
  };
}
