import type { Static, TSchema } from '@sinclair/typebox';
import type { EventSubscriber } from '../events/lifecycle-events.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { SpecPermission } from '../spec/spec-permissions.ts';
import type { ExtensionPoints } from './extension-points.ts';
import type { HookPolicy } from './hook-policy.ts';

/** Grows when a plugin that was written for the one before may no longer work. */
export const pluginApiVersion = 1;

export interface PluginContext {
  readonly log: Logger;
  /** Told, never asked: a listener cannot delay or break anything. */
  readonly events: EventSubscriber;
  readonly directories: EngineDirectories;
  /** The engine that this plugin serves; marks what it makes outside (cgroups, mounts). Twelve hex digits, stable per data root. */
  readonly engineId: string;
  /** Offer an implementation. The factory runs once, when the setup is over. */
  provide<P extends keyof ExtensionPoints>(point: P, create: () => ExtensionPoints[P], policy?: HookPolicy): void;
  /** Runs when the plugin is removed or the engine closes, in reverse order of registration. */
  onClose(close: () => void | Promise<void>): void;
}

/** What the engine's own plugins have on top: those that stand for a process of their own. */
export interface SupervisedContext extends PluginContext {
  /** It cannot answer for the moment. Told as `plugin:failed`, and shown until `restarted`. */
  failed(message: string): void;
  restarted(): void;
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
  /** The `pluginApiVersion` that it was written for; the engine's own when absent. Another one is not loaded. */
  readonly apiVersion?: number;
  /** Names of plugins that must be loaded before. */
  readonly requires?: readonly string[];
  /** What its mutators may widen. */
  readonly permissions?: readonly SpecPermission[];
  /** Types, validation, defaults and documentation of its options, at once: `Type.Object({ … })`. Without it they are passed as they are. */
  readonly options?: TSchema;
  setup(context: PluginContext, options: Options): void | Promise<void>;
}

/** What a plugin with a schema is defined by: the options of `setup` have the schema's type, defaults filled in. */
export type PluginWithSchema<Schema extends TSchema> = Omit<Plugin, 'setup' | 'options'> & {
  readonly options: Schema;
  setup(context: PluginContext, options: Static<Schema>): void | Promise<void>;
};

/** Identity at run time; at compile time it infers the options and checks the shape at the definition. */
export function definePlugin<Schema extends TSchema>(plugin: PluginWithSchema<Schema>): Plugin<Static<Schema>>;
export function definePlugin<Options = void>(plugin: Plugin<Options>): Plugin<Options>;
export function definePlugin(plugin: Plugin<never>): Plugin<never> {
  return plugin;
}
