import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createEngine, JockerError, type Engine } from '@jocker/core';
import { builtins } from '@jocker/plugins';
import { createServer, registerDockerRoutes, registerNativeRoutes } from '@jocker/server';
import type { DaemonSettings } from './daemon-settings.ts';
import { createPluginInstaller } from './install-plugin.ts';
import { loadPlugins, pluginsIn } from './load-plugins.ts';
import { logToStream } from './log-to-stream.ts';
import { pidFileOf, removePidFile, writePidFile } from './pid-file.ts';

/**
 * The composition root: engine, plugins and server of one daemon. Resolves when a signal has ended it; its containers go on.
 */
export async function serveDaemon(settings: DaemonSettings, debug: boolean): Promise<void> {
  if (process.getuid?.() !== 0) throw new JockerError('permission-denied', 'the daemon needs root; run it as: sudo jocker serve');
  const { socket, dataRoot, runRoot, runtime, snapshotter, plugins, pluginDirectory, ...config } = settings;
  const installer = createPluginInstaller(join(dataRoot, 'plugin-packages'));
  const others = [...(await pluginsIn(pluginDirectory ?? join(dataRoot, 'plugins.d'))), ...(await installer.settings())];
  const log = logToStream(process.stderr, debug ? 'debug' : 'info');
  await makeDirectory(runRoot);
  await makeDirectory(dirname(socket));
  const asked = new AbortController();
  const ended = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        asked.abort();
        resolve(signal);
      });
    }
  });
  await using engine: Engine = await createEngine({
    dataRoot,
    runRoot,
    plugins: [...(await loadPlugins([...plugins, ...others])), ...builtins(config)],
    pluginInstaller: installer,
    log,
    config,
    ...(runtime === undefined ? {} : { defaultRuntime: runtime }),
    ...(snapshotter === undefined ? {} : { defaultSnapshotter: snapshotter }),
  });
  await using _server = await createServer(engine, { socketPath: socket, routes: [registerNativeRoutes, registerDockerRoutes], log });
  const pidFile = pidFileOf(runRoot);
  await writePidFile(pidFile);
  log.info('the daemon is ready', { socket, dataRoot, pid: process.pid });
  if (!asked.signal.aborted) log.info('the daemon ends', { signal: await ended });
  await removePidFile(pidFile);
}

/** Others may pass through but not write; one that is there keeps its mode. */
async function makeDirectory(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined)) !== undefined) return;
  await mkdir(path, { recursive: true });
  await chmod(path, 0o711);
}
