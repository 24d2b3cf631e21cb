import type { EventSubscriber } from '../events/lifecycle-events.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { ExtensionPoints } from './extension-points.ts';

export interface PluginContext {
  readonly log: Logger;
  /** Told, never asked: a listener cannot delay or break anything. */
  readonly events: EventSubscriber;
  readonly directories: EngineDirectories;
  /** The engine that this plugin serves; marks what it makes outside (cgroups, mounts). Twelve hex digits, stable per data root. */
  readonly engineId: string;
  /** Offer an implementation. The factory runs once, the first time the engine needs it. */
  provide<P extends keyof ExtensionPoints>(point: P, create: () => ExtensionPoints[P]): void;
  /** Runs on engine close, in reverse order of registration. */
  onClose(close: () => void | Promise<void>): void;
}

export interface EngineDirectories {
  /** Survives a reboot; 0711. */
  readonly dataRoot: string;
  /** Gone after a reboot (bundles, sockets); 0711. */
  readonly runRoot: string;
  /** The plugin's own folder in the data root; made on first use by whoever writes there. */
  readonly pluginData: string;
}

export interface Plugin<Options = void> {
  readonly name: string;
  readonly version?: string;
  /** Names of plugins that must be loaded before. */
  readonly requires?: readonly string[];
  setup(context: PluginContext, options: Options): void | Promise<void>;
}

/** Identity at run time; at compile time it infers `Options` and checks the shape at the definition. */
export function definePlugin<Options = void>(plugin: Plugin<Options>): Plugin<Options> {
  return plugin;
}
