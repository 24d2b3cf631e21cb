import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isolatePlugin, type LoadedPluginEntry, type PluginEntry } from '@jocker/core';
import type { PluginSetting } from './daemon-settings.ts';
import { findPlugin } from './find-plugin.ts';
import { forkPlugin } from './fork-plugin.ts';
import { importPlugin } from './import-plugin.ts';
import { readPluginPackage } from './plugin-package.ts';

/** One that cannot be loaded stands among the entries as broken: the daemon starts without it and says so. */
export async function loadPlugins(settings: readonly PluginSetting[]): Promise<readonly PluginEntry[]> {
  return await Promise.all(settings.map(loadOrSayWhy));
}

async function loadOrSayWhy(setting: PluginSetting): Promise<PluginEntry> {
  try {
    return await loadPlugin(setting);
  } catch (error) {
    const { use, required, isolation } = setting;
    const broken = { name: use, error: error instanceof Error ? error : new Error(String(error)) };
    return { broken, builtIn: false, source: use, required, isolation };
  }
}

export async function loadPlugin({ use, from, options, required, isolation, permissions }: PluginSetting): Promise<LoadedPluginEntry> {
  const path = await findPlugin(use, from);
  const { entryFile, version } = (await stat(path)).isDirectory() ? await readPluginPackage(path) : { entryFile: path, version: undefined };
  const plugin =
    isolation === 'process'
      ? await isolatePlugin({ name: use, fork: () => forkPlugin(entryFile, use) })
      : await importPlugin(entryFile, use);
  return { plugin, options, builtIn: false, required, isolation, permissions, version, source: use };
}

/** The plugins in a folder: modules, and folders with a package.json. None when there is no such folder. */
export async function pluginsIn(directory: string): Promise<readonly PluginSetting[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.name.startsWith('.') && (!entry.isFile() || /\.(js|mjs|ts|mts)$/.test(entry.name)))
    .map((entry) => ({ use: join(directory, entry.name), from: directory }))
    .toSorted((left, right) => (left.use < right.use ? -1 : 1));
}
