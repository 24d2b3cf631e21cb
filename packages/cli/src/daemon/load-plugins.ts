import { readFile, stat } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as core from '@jocker/core';
import { isJockerError, JockerError, type Plugin, type PluginEntry } from '@jocker/core';
import type { PluginSetting } from './daemon-settings.ts';

const coreUrl = 'jocker:core';
const shared = Symbol.for('jocker.core');

/**
 * Loads plugins of third parties. Their `@jocker/core` is the daemon's own, wherever they lie and whatever they installed:
 * one engine, one set of errors, nothing to install.
 */
export async function loadPlugins(settings: readonly PluginSetting[]): Promise<readonly PluginEntry[]> {
  if (settings.length === 0) return [];
  Reflect.set(globalThis, shared, core);
  const source = `const core = globalThis[Symbol.for('jocker.core')];\nexport const { ${Object.keys(core).join(', ')} } = core;\n`;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '@jocker/core' ? { url: coreUrl, format: 'module', shortCircuit: true } : next(specifier, context),
    load: (url, context, next) => (url === coreUrl ? { format: 'module', source, shortCircuit: true } : next(url, context)),
  });
  const entries: PluginEntry[] = [];
  for (const { path, options } of settings) entries.push({ plugin: await loadPlugin(path), options, builtIn: false });
  return entries;
}

async function loadPlugin(path: string): Promise<Plugin> {
  const file = await entryFile(path);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new JockerError('invalid-argument', `the plugin ${path} cannot be loaded: ${(error as Error).message}`, { cause: error });
  }
  const plugin = [module['default'], ...Object.values(module)].find(isPlugin);
  if (plugin === undefined) throw new JockerError('invalid-argument', `the plugin ${path} exports nothing that definePlugin made`);
  return plugin;
}

function isPlugin(value: unknown): value is Plugin {
  const { name, setup } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Record<keyof Plugin, unknown>>;
  return typeof name === 'string' && typeof setup === 'function';
}

/** The file itself, or what the package in the directory exports. */
async function entryFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new JockerError('not-found', `there is no plugin ${path}`);
  if (!found.isDirectory()) return path;
  try {
    const { exports, main } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as { exports?: unknown; main?: unknown };
    return join(path, exportedFile(exports) ?? (typeof main === 'string' ? main : 'index.js'));
  } catch (error) {
    if (isJockerError(error)) throw error;
    throw new JockerError('invalid-argument', `the plugin ${path} is a directory without a package.json that can be read`, {
      cause: error,
    });
  }
}

/** The target of `.` in `exports`, by the conditions that this program imports with. */
function exportedFile(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  const conditions = exports as Readonly<Record<string, unknown>>;
  return exportedFile(conditions['.'] ?? conditions['node'] ?? conditions['import'] ?? conditions['default']);
}
