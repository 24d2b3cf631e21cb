import { resolve } from 'node:path';
import { defaultDataRoot, defaultRunRoot, defaultSocketPath } from '../socket-path.ts';
import type { DaemonSettings, ServeFlags } from './daemon-settings.ts';
import { readConfigFile } from './read-config-file.ts';

/** Flags win over the config file, which wins over the defaults; plugins of both are loaded. */
export async function settingsOf(flags: ServeFlags): Promise<DaemonSettings> {
  const config = flags.config === undefined ? {} : await readConfigFile(flags.config);
  const runtime = flags.runtime ?? config.runtime;
  const runRoot = path(flags.runRoot) ?? config.runRoot ?? defaultRunRoot;
  return {
    ...config,
    socket: path(flags.socket) ?? config.socket ?? (runRoot === defaultRunRoot ? defaultSocketPath : `${runRoot}/jocker.sock`),
    dataRoot: path(flags.dataRoot) ?? config.dataRoot ?? defaultDataRoot,
    runRoot,
    plugins: [...flags.plugin.map((use) => ({ use, from: process.cwd() })), ...(config.plugins ?? [])],
    ...(runtime === undefined ? {} : { runtime }),
  };
}

const path = (given: string | undefined): string | undefined => (given === undefined ? undefined : resolve(given));
