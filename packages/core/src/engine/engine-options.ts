import type { Plugin } from '../plugin/plugin.ts';
import type { Logger } from '../operation/operation-context.ts';

/** How an engine is made. The composition root (CLI, a test) fills it in; nothing in the engine reads the environment. */
export interface EngineOptions {
  /** Made (0711) when missing. Two engines on one data root are refused. */
  readonly dataRoot: string;
  readonly runRoot: string;
  /** In order of loading; the user's own before the built-in ones. */
  readonly plugins: readonly PluginEntry[];
  readonly defaultRuntime?: string;
  readonly defaultSnapshotter?: string;
  readonly log?: Logger;
  readonly config?: EngineConfig;
}

export interface PluginEntry {
  readonly plugin: Plugin<never> | Plugin;
  readonly options?: unknown;
  readonly builtIn: boolean;
}

/** What the config file may say beyond paths and plugins. */
export interface EngineConfig {
  readonly insecureRegistries?: readonly string[];
  /** Tried before the registry itself, per domain. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  readonly logMaxSizeBytes?: number;
  /** Layers of one pull at a time; 3 when absent. */
  readonly maxConcurrentDownloads?: number;
}
