import type { EngineConfig } from '@jocker/core';

export interface PluginSetting {
  readonly path: string;
  readonly options?: unknown;
}

/** All that a daemon is told: flags before the config file before defaults. */
export interface DaemonSettings extends EngineConfig {
  readonly socket: string;
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly runtime?: string;
  readonly snapshotter?: string;
  readonly plugins: readonly PluginSetting[];
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
