import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import * as core from '@jocker/core';
import { JockerError, type Plugin } from '@jocker/core';

const coreUrl = 'jocker:core';
const shared = Symbol.for('jocker.core');
let hooked = false;

/**
 * The plugin that a module exports. Its `@jocker/core` is the daemon's own, wherever it lies and whatever it installed: one
 * engine, one set of errors, nothing to install.
 */
export async function importPlugin(file: string, name: string): Promise<Plugin> {
  shareCore();
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new JockerError('invalid-argument', `the plugin ${name} cannot be loaded: ${(error as Error).message}`, { cause: error });
  }
  const plugin = [module['default'], ...Object.values(module)].find(isPlugin);
  if (plugin === undefined) throw new JockerError('invalid-argument', `the plugin ${name} exports nothing that definePlugin made`);
  return plugin;
}

function shareCore(): void {
  if (hooked) return;
  hooked = true;
  Reflect.set(globalThis, shared, core);
  const source = `const core = globalThis[Symbol.for('jocker.core')];\nexport const { ${Object.keys(core).join(', ')} } = core;\n`;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '@jocker/core' ? { url: coreUrl, format: 'module', shortCircuit: true } : next(specifier, context),
    load: (url, context, next) => (url === coreUrl ? { format: 'module', source, shortCircuit: true } : next(url, context)),
  });
}

function isPlugin(value: unknown): value is Plugin {
  const { name, setup } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Record<keyof Plugin, unknown>>;
  return typeof name === 'string' && typeof setup === 'function';
}
