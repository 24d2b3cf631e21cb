import type { EngineConfig, PluginIsolation, SpecPermission } from '@jocker/core';

export interface PluginSetting {
  /** A file, a folder, or the name of a package. */
  readonly use: string;
  /** The folder that a relative path is meant from, and a package is looked for from. */
  readonly from: string;
  readonly options?: unknown;
  readonly required?: boolean | undefined;
  readonly isolation?: PluginIsolation | undefined;
  /** What it may widen; all that it declares when absent. */
  readonly permissions?: readonly SpecPermission[] | undefined;
}

/** All that a daemon is told: flags before the config file before defaults. */
export interface DaemonSettings extends EngineConfig {
  readonly socket: string;
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly runtime?: string;
  readonly snapshotter?: string;
  readonly plugins: readonly PluginSetting[];
  /** A folder whose modules and packages are plugins; `plugins.d` in the data root when absent. */
  readonly pluginDirectory?: string;
}

/** `serve`'s flags, and `daemon start`'s. */
export interface ServeFlags {
  readonly socket?: string;
  readonly dataRoot?: string;
  readonly runRoot?: string;
  readonly runtime?: string;
  readonly plugin: readonly string[];
  readonly config?: string;
}
