import type { Plugin } from '../plugin/plugin.ts';
import type { Logger, OperationContext } from '../operation/operation-context.ts';
import type { SpecPermission } from '../spec/spec-permissions.ts';

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
  /** How `plugins.install` gets packages; without one it is `unsupported`. */
  readonly pluginInstaller?: PluginInstaller;
}

/** Keeps packages of plugins for an engine. */
export interface PluginInstaller {
  /** Fetches, checks and loads it; nothing is left when it throws. */
  install(request: PluginInstallRequest, context: OperationContext): Promise<InstalledPlugin>;
  /** Of a plugin that it did not install it does nothing. */
  uninstall(name: string): Promise<void>;
}

export interface InstalledPlugin {
  readonly entry: LoadedPluginEntry;
  /** The engine does not want it after all. */
  discard(): Promise<void>;
}

export interface PluginInstallRequest {
  /** The name of a package (with a version, if you like), a tarball or a folder, as the npm client takes it; paths are absolute. */
  readonly use: string;
  readonly options?: unknown;
  readonly required?: boolean;
  readonly isolation?: PluginIsolation;
  /** What it may widen. One that asks for more is refused. */
  readonly allow?: readonly SpecPermission[];
}

export type PluginEntry = LoadedPluginEntry | BrokenPluginEntry;

interface PluginSetting {
  readonly builtIn: boolean;
  /**
   * True: the engine creates no container without it, and what it fails to answer fails. False: what it fails to answer is
   * passed over. Absent: each of its hooks says by itself, and fails unless it says otherwise.
   */
  readonly required?: boolean | undefined;
  /** Of its package, for a plugin that has none of its own. */
  readonly version?: string | undefined;
  /** Where it came from, for people: a path, a package. */
  readonly source?: string | undefined;
  readonly isolation?: PluginIsolation | undefined;
  /** What the operator lets it widen; all that it declares when absent. */
  readonly permissions?: readonly SpecPermission[] | undefined;
}

export type PluginIsolation = 'none' | 'process';

export interface LoadedPluginEntry extends PluginSetting {
  readonly plugin: Plugin<never> | Plugin;
  readonly options?: unknown;
}

/** One that could not even be loaded. It stands as failed among the plugins. */
export interface BrokenPluginEntry extends PluginSetting {
  readonly broken: { readonly name: string; readonly error: Error };
}

/** What the config file may say beyond paths and plugins. */
export interface EngineConfig {
  readonly insecureRegistries?: readonly string[];
  /** Tried before the registry itself, per domain. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  readonly logMaxSizeBytes?: number;
  /** `none`, `host` or the name of a network, for containers that name none; `bridge` when absent, where networks can be made. */
  readonly defaultNetwork?: string;
  /** Where ports are published that name no address: 127.0.0.1 when absent. */
  readonly publishAddress?: string;
  /** Layers of one pull at a time; 3 when absent. */
  readonly maxConcurrentDownloads?: number;
}
