import { fork } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExtensionPoints } from '../plugin/extension-points.ts';
import type { SupervisedContext } from '../plugin/plugin.ts';
import { parseReference } from '../reference/parse-reference.ts';
import { describeImageSource } from '../testing/image-source-contract.ts';
import { runtimeBackendContract } from '../testing/runtime-backend-contract.ts';
import { isolatePlugin } from './isolate-plugin.ts';

const program = fileURLToPath(new URL('../testing/fake-plugin-process.ts', import.meta.url));
const silent = (): undefined => undefined;

/** What a plugin in a process of its own provides; `close` ends the process. */
async function openIsolated(): Promise<{ get<P extends keyof ExtensionPoints>(point: P): ExtensionPoints[P]; close(): Promise<void> }> {
  const plugin = await isolatePlugin({
    name: 'fake-plugin',
    fork: () => fork(program, [], { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  });
  const provided = new Map<string, () => unknown>();
  const closers: (() => void | Promise<void>)[] = [];
  const directories = { dataRoot: tmpdir(), runRoot: tmpdir(), pluginData: tmpdir() };
  const deaf = (): Disposable => ({ [Symbol.dispose]: silent });
  const context: SupervisedContext = {
    log: { debug: silent, info: silent, warn: silent, error: silent },
    events: { on: deaf, onAny: deaf },
    directories,
    engineId: '0123456789ab',
    provide: (point, create) => void provided.set(point, create),
    onClose: (close) => void closers.push(close),
    failed: silent,
    restarted: silent,
  };
  await plugin.setup(context);
  return {
    get: (point) => provided.get(point)?.() as never,
    async close() {
      for (const close of closers) await close();
    },
  };
}

// The contracts hold across the channel: streams, half-closes, signals, errors with their codes.
runtimeBackendContract('fake, in a process of its own', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'jocker-isolated-'));
  const isolated = await openIsolated();
  const backend = isolated.get('runtimeBackend');
  return {
    createBackend: () => backend,
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
    leftovers: async (id) => ((await backend.list()).includes(id) ? [id] : []),
    async close() {
      await isolated.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

describeImageSource('in a process of its own', async () => {
  const isolated = await openIsolated();
  return {
    source: isolated.get('imageSource'),
    reference: parseReference('made:image', { schemes: ['made'] }),
    missing: parseReference('made:missing', { schemes: ['made'] }),
    foreign: parseReference('alpine'),
    close: async () => await isolated.close(),
  };
});
