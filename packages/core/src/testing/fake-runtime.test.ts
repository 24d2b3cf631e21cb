import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeRuntime, createFakeWorld } from './fake-runtime.ts';
import { runtimeBackendContract } from './runtime-backend-contract.ts';

runtimeBackendContract('fake', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'jocker-fake-'));
  const world = createFakeWorld();
  return {
    createBackend: () => createFakeRuntime({ world }),
    async bundle(id, options) {
      const bundleDirectory = join(directory, id);
      await mkdir(bundleDirectory);
      return {
        directory: bundleDirectory,
        spec: {
          ociVersion: '1.0.2',
          root: { path: join(bundleDirectory, 'rootfs') },
          process: { args: [...options.args], cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 }, terminal: options.tty ?? false },
          mounts: [],
          linux: { namespaces: [], ...(options.resources === undefined ? {} : { resources: options.resources }) },
        },
        rootfs: [],
        tty: options.tty ?? false,
        openStdin: options.openStdin ?? false,
        stdinOnce: options.stdinOnce ?? false,
        logPath: join(bundleDirectory, 'container.log'),
      };
    },
    leftovers: async (id) => (world.containers.has(id) ? [id] : []),
    close: () => rm(directory, { recursive: true, force: true }),
  };
});
