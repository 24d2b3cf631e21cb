import type { Readable } from 'node:stream';
import type { CreateRequest, ResourceLimits, RestartPolicy, TerminalSize } from '../container/create-request.ts';
import type { EventEnvelope, EventSubscriber, LayerProgress } from '../events/lifecycle-events.ts';
import type { ErrorCode } from '../errors/jocker-error.ts';
import type { RegistryCredentials } from '../image/image-source.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageHistoryEntry, ImageRunConfig } from '../oci/image-config.ts';
import type { HealthState, HealthStatus } from '../health/health-state.ts';
import type { LeaseApi } from '../lease/lease-api.ts';
import type { NetworkApi, NetworkView } from '../network/network-api.ts';
import type { NetworkAttachment } from '../network/network-attachment.ts';
import type { EndpointRecord } from '../network/network-record.ts';
import type { VolumeApi, VolumeView } from '../volume/volume-api.ts';
import type { Platform } from '../oci/platform.ts';
import type { BreakerState } from '../plugin/circuit-breaker.ts';
import type { CallAccount } from '../plugin/plugin-accounts.ts';
import type { LoadedPluginEntry, PluginInstallRequest, PluginIsolation } from './engine-options.ts';
import type { OutputChunk, ProcessStreams } from '../runtime/runtime-backend.ts';
import type { SpecFieldOrigin } from '../spec/explain-spec.ts';
import type { SpecPermission } from '../spec/spec-permissions.ts';
import type { SpecStep } from '../spec/spec-step.ts';
import type { OciSpec } from '../oci/runtime-spec.ts';
import type { HostFacts } from '../spec/spec-mutator.ts';

/**
 * The one door. HTTP servers, the CLI and tests use this and nothing behind it.
 *
 * Ids: containers and execs have 64 hex digits; wherever an `id` of a container is asked for, its name, its id or an
 * unambiguous prefix of the id does. Errors are `JockerError`. Slow calls take a signal.
 */
export interface Engine extends AsyncDisposable {
  readonly events: EventApi;
  readonly images: ImageApi;
  readonly containers: ContainerApi;
  readonly execs: ExecApi;
  readonly networks: NetworkApi;
  readonly volumes: VolumeApi;
  readonly operations: OperationApi;
  readonly leases: LeaseApi;
  readonly plugins: PluginApi;
  readonly system: SystemApi;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Who asked, for records and events: `docker-api`, `cli`, `vscode`. */
  readonly client?: string;
}

// ---------------------------------------------------------------- events

export interface EventApi extends EventSubscriber {
  /** The seq of the newest kept event; 0 before the first. */
  readonly lastSeq: number;
  /**
   * Kept events with `seq > since`, then live ones as they come, each once and in order, until the signal fires. A reader
   * that falls more than the bound (1,000) behind live ones is caught up from the log. Throws `failed-precondition`
   * ("gone") when `since` is older than the log; take a snapshot then.
   */
  follow(options: {
    readonly since?: number;
    readonly signal: AbortSignal;
    readonly includeProgress?: boolean;
  }): AsyncIterable<EventEnvelope>;
  /** Kept events between two times (either may be open), oldest first, at most the newest `limit` (10,000). */
  range(options: { readonly from?: Date; readonly to?: Date; readonly limit?: number }): Promise<readonly EventEnvelope[]>;
}

/** Everything that a renderer needs, valid at `seq`: apply events after it. */
export interface EngineSnapshot {
  readonly seq: number;
  readonly engineId: string;
  readonly containers: readonly ContainerView[];
  readonly images: readonly ImageView[];
  readonly networks: readonly NetworkView[];
  readonly volumes: readonly VolumeView[];
  readonly execs: readonly ExecView[];
  readonly operations: readonly OperationView[];
}

// ---------------------------------------------------------------- images

export interface ImageView {
  /** Digest of the config blob: docker's image id. */
  readonly id: Digest;
  /** Normalised, tagged references. */
  readonly references: readonly string[];
  /** `name@sha256:…` of what was pulled. */
  readonly repoDigests: readonly string[];
  readonly manifest: Digest;
  /** ISO 8601. */
  readonly created: string;
  /** Bytes of the unpacked layers (of the compressed ones until unpacked). */
  readonly sizeBytes: number;
  readonly platform: Platform;
  readonly labels: Readonly<Record<string, string>>;
  /** Containers made from it. */
  readonly containers: number;
  readonly source: string;
}

export interface ImageDetails extends ImageView {
  readonly author: string;
  readonly comment: string;
  readonly config: ImageRunConfig;
  readonly diffIds: readonly Digest[];
  readonly layers: readonly { readonly digest: Digest; readonly sizeBytes: number; readonly mediaType: string }[];
  readonly lastTagged: string | null;
}

export interface ImageHistoryView extends ImageHistoryEntry {
  readonly imageId: Digest | null;
  readonly sizeBytes: number;
  readonly references: readonly string[];
}

export interface ImageApi {
  /** Resolves with what the reference names now; unpacks too, so that a start is warm. */
  pull(
    reference: string,
    options?: CallOptions & {
      readonly platform?: string;
      readonly credentials?: RegistryCredentials;
      readonly onProgress?: (layers: readonly LayerProgress[]) => void;
    },
  ): Promise<PullResult>;
  push(
    reference: string,
    options?: CallOptions & { readonly credentials?: RegistryCredentials; readonly onProgress?: (layers: readonly PushProgress[]) => void },
  ): Promise<{ readonly manifest: Digest; readonly sizeBytes: number }>;
  list(options?: { readonly all?: boolean }): Promise<readonly ImageView[]>;
  /** By reference, id or id prefix. */
  inspect(reference: string): Promise<ImageDetails>;
  history(reference: string): Promise<readonly ImageHistoryView[]>;
  tag(reference: string, newReference: string): Promise<void>;
  /** Untags; deletes with the last reference. In use: `failed-precondition` with reason `in-use`, unless forced. */
  remove(reference: string, options?: { readonly force?: boolean; readonly prune?: boolean }): Promise<RemovedImages>;
  prune(options: {
    readonly danglingOnly: boolean;
    readonly filter?: (image: ImageView) => boolean;
  }): Promise<RemovedImages & { readonly reclaimedBytes: number }>;
  /** A docker-archive (with an OCI layout inside) of one or more images. The caller destroys the stream. */
  save(references: readonly string[], options?: CallOptions): Promise<Readable>;
  /** docker-archive or oci-archive, plain or compressed. */
  load(archive: Readable, options?: CallOptions): Promise<readonly { readonly imageId: Digest; readonly references: readonly string[] }[]>;
  /** A root file system as one layer. */
  import(
    archive: Readable,
    options?: CallOptions & {
      readonly reference?: string;
      readonly changes?: readonly string[];
      readonly message?: string;
      readonly platform?: string;
    },
  ): Promise<{ readonly imageId: Digest }>;
}

export interface PullResult {
  readonly imageId: Digest;
  readonly manifest: Digest;
  /** Normalised. */
  readonly reference: string;
  /** False when everything was there already. */
  readonly changed: boolean;
}

export interface PushProgress {
  readonly digest: Digest;
  readonly state: 'waiting' | 'uploading' | 'exists' | 'mounted' | 'done';
  readonly mountedFrom?: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export interface RemovedImages {
  readonly untagged: readonly string[];
  readonly deleted: readonly Digest[];
}

// ---------------------------------------------------------------- containers

export type ContainerStatus = 'created' | 'running' | 'paused' | 'exited' | 'restarting' | 'removing' | 'dead';

/** What a list shows; small enough to send often. */
export interface ContainerView {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: Digest;
  readonly command: readonly string[];
  readonly status: ContainerStatus;
  /** Null before the first exit. */
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  /** Null for one that does not run or that nobody checks. */
  readonly health: HealthStatus | null;
  /** Why the last start failed; empty otherwise. */
  readonly error: string;
  readonly pid: number;
  /** ISO 8601; null before it happened. */
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly runtime: string;
  readonly snapshotter: string;
  /** `none`, `host`, `container:ID` or the name of its first network. */
  readonly network: string;
  readonly networks: readonly NetworkAttachment[];
  /** Addresses and published ports while it runs. */
  readonly endpoints: readonly EndpointRecord[];
  /** `80/tcp`; of the image and of the request. */
  readonly exposedPorts: readonly string[];
  readonly mounts: readonly MountView[];
  readonly autoRemove: boolean;
  readonly origin: string | null;
}

export interface MountView {
  readonly type: 'bind' | 'tmpfs' | 'volume';
  /** On the host; empty for memory, and for a volume whose files cannot be reached there. */
  readonly source: string;
  /** The name of the volume. */
  readonly volume?: string;
  readonly driver?: string;
  readonly target: string;
  readonly readonly: boolean;
  readonly propagation: string;
}

export interface ContainerDetails extends ContainerView {
  readonly request: CreateRequest;
  /** Program and arguments as run. */
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly workingDir: string;
  readonly user: string;
  readonly hostname: string;
  readonly stopSignal: string;
  readonly stopTimeoutSeconds: number;
  readonly restartCount: number;
  /** Since its last start; null for one that nobody checks. */
  readonly healthState: HealthState | null;
  readonly resources: ResourceLimits;
  readonly restartPolicy: RestartPolicy;
  readonly platform: Platform;
  /** Of sessions that have not ended. */
  readonly execIds: readonly string[];
  readonly logPath: string;
  readonly hostnamePath: string;
  readonly hostsPath: string;
  readonly resolvConfPath: string;
  readonly bundlePath: string;
  readonly imageConfig: ImageRunConfig;
}

export interface ContainerApi {
  create(
    request: CreateRequest,
    options?: CallOptions & {
      readonly credentials?: RegistryCredentials;
      readonly onProgress?: (layers: readonly LayerProgress[]) => void;
    },
  ): Promise<{ readonly id: string; readonly name: string; readonly warnings: readonly string[] }>;
  /** The spec and patches that `create` would make; makes nothing that stays. */
  dryRun(request: CreateRequest, options?: CallOptions): Promise<{ readonly spec: OciSpec; readonly steps: readonly SpecStep[] }>;
  /** `failed-precondition` with reason `not-modified` when it runs already. */
  start(id: string, options?: CallOptions): Promise<void>;
  /** Stop signal, then SIGKILL after the time-out (0: at once; -1: never). Reason `not-modified` when it does not run. */
  stop(id: string, options?: CallOptions & { readonly timeoutSeconds?: number; readonly stopSignal?: string }): Promise<void>;
  restart(id: string, options?: CallOptions & { readonly timeoutSeconds?: number; readonly stopSignal?: string }): Promise<void>;
  /** By name (`SIGTERM`, `TERM`) or number. */
  kill(id: string, signal: string | number, options?: CallOptions): Promise<void>;
  pause(id: string, options?: CallOptions): Promise<void>;
  unpause(id: string, options?: CallOptions): Promise<void>;
  rename(id: string, name: string): Promise<void>;
  update(
    id: string,
    change: { readonly resources?: ResourceLimits; readonly restartPolicy?: RestartPolicy },
  ): Promise<{ readonly warnings: readonly string[] }>;
  /** `next-exit` waits for an exit after the call; `removed` for the record to go. Never creates an operation. */
  wait(
    id: string,
    options?: { readonly condition?: 'not-running' | 'next-exit' | 'removed'; readonly signal?: AbortSignal },
  ): Promise<{ readonly exitCode: number; readonly error?: string }>;
  remove(id: string, options?: CallOptions & { readonly force?: boolean; readonly volumes?: boolean }): Promise<void>;
  prune(options?: {
    readonly filter?: (container: ContainerView) => boolean;
  }): Promise<{ readonly removed: readonly string[]; readonly reclaimedBytes: number }>;
  list(): Promise<readonly ContainerView[]>;
  inspect(id: string): Promise<ContainerDetails>;
  /** Bytes of the writable layer, and of the whole root file system. */
  size(id: string): Promise<{ readonly writableBytes: number; readonly rootBytes: number }>;
  spec(id: string): Promise<{ readonly spec: OciSpec; readonly steps: readonly SpecStep[] }>;
  /** Who set each value of its config.json, at and below `path` (a JSON pointer) or everywhere. */
  explain(id: string, path?: string): Promise<readonly SpecFieldOrigin[]>;
  logs(id: string, options?: LogOptions): AsyncIterable<LogEntry>;
  /** Streams of the main process; may be called before start. `replay` first gives what the log has. */
  attach(
    id: string,
    options?: { readonly replay?: boolean; readonly stdin?: boolean; readonly signal?: AbortSignal },
  ): Promise<ProcessStreams>;
  resize(id: string, size: TerminalSize): Promise<void>;
  /** ps columns and rows of its processes, read from /proc of the host; `psArgs` as for ps(1) (`-ef`, `aux`, `-o pid,comm`). */
  top(id: string, psArgs?: string): Promise<{ readonly titles: readonly string[]; readonly processes: readonly (readonly string[])[] }>;
  /** One sample; `cpuPercent` from the engine's previous sample if it has a recent one, else null. */
  stats(id: string): Promise<ContainerStats>;
  /** A sample each `intervalMs` (1,000) until the signal or the exit. Nothing is read while nobody listens. */
  followStats(id: string, options: { readonly signal: AbortSignal; readonly intervalMs?: number }): AsyncIterable<ContainerStats>;
  /** What the container changed against its image. */
  changes(id: string): Promise<readonly { readonly path: string; readonly kind: 'modified' | 'added' | 'deleted' }[]>;
  /** The whole root file system as a tar. */
  export(id: string, options?: CallOptions): Promise<Readable>;
  commit(id: string, options?: CallOptions & CommitOptions): Promise<{ readonly imageId: Digest }>;
  /** Paths are resolved inside the container's root, also while it swaps symlinks. */
  readonly files: ContainerFileApi;
}

export interface CommitOptions {
  readonly reference?: string;
  readonly author?: string;
  readonly message?: string;
  /** Pause while reading (default true). */
  readonly pause?: boolean;
  /** Dockerfile instructions: `ENV A=b`, `CMD ["x"]`. */
  readonly changes?: readonly string[];
  readonly config?: Partial<ImageRunConfig>;
}

export interface FileStat {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'device' | 'fifo' | 'socket';
  readonly sizeBytes: number;
  /** Permission bits with setuid, setgid, sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** ISO 8601. */
  readonly modifiedAt: string;
  /** Empty unless a symlink. */
  readonly linkTarget: string;
}

export interface ContainerFileApi {
  stat(id: string, path: string, options?: { readonly followLink?: boolean }): Promise<FileStat>;
  list(id: string, path: string): Promise<readonly FileStat[]>;
  /** At most `maxBytes` (64 MiB) or `resource-exhausted`. */
  read(id: string, path: string, options?: { readonly maxBytes?: number }): Promise<Buffer>;
  /** Replaces the content, keeps owner and mode of a file that exists. */
  write(id: string, path: string, data: Uint8Array, options: { readonly create: boolean; readonly overwrite: boolean }): Promise<void>;
  createDirectory(id: string, path: string): Promise<void>;
  rename(id: string, from: string, to: string, options: { readonly overwrite: boolean }): Promise<void>;
  remove(id: string, path: string, options: { readonly recursive: boolean }): Promise<void>;
  /** A tar of the file or folder, entries under its base name (docker cp). */
  readArchive(id: string, path: string, options?: CallOptions): Promise<{ readonly stat: FileStat; readonly archive: Readable }>;
  /**
   * Extracts a tar (plain, gzip, zstd, xz, bzip2) into the directory `path`. `copyOwner` gives everything to the user that
   * the container runs as (docker's copyUIDGID) instead of the owners in the archive. The caller destroys the stream.
   */
  writeArchive(
    id: string,
    path: string,
    archive: Readable,
    options?: CallOptions & { readonly noOverwriteDirNonDir?: boolean; readonly copyOwner?: boolean },
  ): Promise<void>;
}

export interface LogOptions {
  readonly follow?: boolean;
  readonly since?: Date;
  readonly until?: Date;
  /** Last n lines; all when absent. */
  readonly tail?: number;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  /** Entries after this one (`LogEntry.cursor`), also of an earlier container with the same name if `byName`. */
  readonly after?: string;
  /** `id` is a name: when the container is replaced by another of that name, its log follows. */
  readonly byName?: boolean;
  readonly signal?: AbortSignal;
}

export interface LogEntry {
  /** ISO 8601 with nanoseconds. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** With its line end; without one when the process did not write one (yet). */
  readonly data: Buffer;
  /** Opaque; goes into `LogOptions.after`. */
  readonly cursor: string;
  readonly containerId: string;
}

/** Counters as the kernel gives them; bytes and nanoseconds. */
export interface ContainerStats {
  readonly id: string;
  readonly name: string;
  readonly time: string;
  readonly cpu: {
    readonly totalNs: number;
    readonly userNs: number;
    readonly systemNs: number;
    readonly systemTotalNs: number;
    readonly onlineCpus: number;
    readonly percent: number | null;
    readonly throttledPeriods: number;
    readonly throttledNs: number;
    readonly periods: number;
  };
  readonly memory: {
    readonly usageBytes: number;
    readonly limitBytes: number;
    readonly inactiveFileBytes: number;
    readonly maxUsageBytes: number;
    readonly details: Readonly<Record<string, number>>;
  };
  /** `limit` 0: none. */
  readonly pids: { readonly current: number; readonly limit: number };
  readonly blockIo: { readonly readBytes: number; readonly writeBytes: number };
  readonly networks: Readonly<
    Record<
      string,
      {
        readonly rxBytes: number;
        readonly rxPackets: number;
        readonly txBytes: number;
        readonly txPackets: number;
        readonly rxErrors: number;
        readonly txErrors: number;
        readonly rxDropped: number;
        readonly txDropped: number;
      }
    >
  >;
}

// ---------------------------------------------------------------- execs

export interface ExecCreateRequest {
  readonly command: readonly string[];
  readonly tty?: boolean;
  readonly openStdin?: boolean;
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly privileged?: boolean;
  readonly size?: TerminalSize;
  readonly attach?: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly detachKeys?: string;
}

export interface ExecView {
  readonly id: string;
  readonly containerId: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly user: string;
  readonly workingDir: string;
  readonly privileged: boolean;
  readonly attach: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly status: 'created' | 'running' | 'exited';
  readonly exitCode: number | null;
  readonly pid: number;
  readonly size: TerminalSize | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  /** Clients attached now. */
  readonly attached: number;
}

/**
 * Exec sessions are objects of the engine: they outlive the client that started them. A client that is alone and slow slows
 * the process and loses nothing; of several, each may lag 1 MiB behind and loses its oldest output past that.
 */
export interface ExecApi {
  create(containerId: string, request: ExecCreateRequest, options?: CallOptions): Promise<{ readonly id: string }>;
  /**
   * Runs it. The streams must be attached in the same call if no byte may be missed; without `attach` the output goes to
   * the session's scrollback only (256 KiB, the newest).
   */
  start(
    execId: string,
    options: CallOptions & { readonly attach: boolean; readonly size?: TerminalSize },
  ): Promise<ProcessStreams | undefined>;
  /** To a running session; `replay` first gives its scrollback. */
  attach(execId: string, options?: { readonly replay?: boolean }): Promise<ProcessStreams>;
  resize(execId: string, size: TerminalSize): Promise<void>;
  kill(execId: string, signal: string | number): Promise<void>;
  inspect(execId: string): Promise<ExecView>;
  list(containerId?: string): Promise<readonly ExecView[]>;
  wait(execId: string, options?: { readonly signal?: AbortSignal }): Promise<{ readonly exitCode: number }>;
}

// ---------------------------------------------------------------- operations

export interface OperationView {
  readonly id: string;
  /** `container.create`, `image.pull`. */
  readonly operation: string;
  readonly subject: string;
  readonly client: string | null;
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Stages in order: the waterfall (`pull`, `unpack`, `spec`, `create`, `start`, `exit`). Nested by `parent` (index). */
  readonly spans: readonly OperationSpan[];
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly details: Readonly<Record<string, unknown>> } | null;
  /** Only while it pulls. */
  readonly progress: readonly LayerProgress[];
  readonly containerId: string | null;
}

export interface OperationSpan {
  readonly name: string;
  readonly plugin: string | null;
  readonly parent: number | null;
  readonly startedAt: string;
  /** Null while it runs. */
  readonly durationMs: number | null;
  readonly failed: boolean;
}

export interface OperationApi {
  /** Running ones and the newest 200 ended ones. */
  list(): Promise<readonly OperationView[]>;
  get(id: string): Promise<OperationView>;
  /** True when it was still running. The operation ends with `cancelled`. */
  cancel(id: string): Promise<boolean>;
  /** The view at each change, at most ten a second, the final one last. */
  follow(id: string, signal: AbortSignal): AsyncIterable<OperationView>;
}

// ---------------------------------------------------------------- plugins

export interface PluginApi {
  list(): Promise<readonly PluginView[]>;
  /** What each plugin's calls cost since it was loaded, the most time first. */
  usage(): Promise<readonly PluginUsage[]>;
  /** Sets a plugin up now. Throws what is wrong with it; it is then not there. */
  add(entry: LoadedPluginEntry): Promise<PluginView>;
  inspect(name: string): Promise<PluginDetails>;
  /** Fetches a package and sets it up; it is there after a restart too. */
  install(request: PluginInstallRequest, options?: CallOptions): Promise<PluginView>;
  /**
   * Takes a plugin out, after the operations that use it have ended. Throws `failed-precondition` with the names of plugins
   * that require it, or of containers made with its drivers; built-in ones cannot be removed. What `install` fetched goes too;
   * a plugin that the config names is back after a restart.
   */
  remove(name: string, options?: CallOptions): Promise<void>;
}

// ---------------------------------------------------------------- system

export interface SystemApi {
  info(): Promise<EngineInfo>;
  snapshot(): Promise<EngineSnapshot>;
  diskUsage(): Promise<{
    readonly layersBytes: number;
    readonly images: readonly (ImageView & { readonly sharedBytes: number })[];
    readonly containers: readonly (ContainerView & { readonly writableBytes: number; readonly rootBytes: number })[];
    readonly volumes: readonly (VolumeView & { readonly sizeBytes: number })[];
  }>;
  /** Verifies against the registry; the token to keep, if it gave one. */
  authenticate(
    credentials: RegistryCredentials,
    options?: CallOptions,
  ): Promise<{ readonly status: string; readonly identityToken: string }>;
}

export interface EngineInfo {
  readonly version: string;
  readonly engineId: string;
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly startedAt: string;
  readonly host: HostFacts & { readonly hostname: string; readonly osRelease: string; readonly architecture: string };
  readonly runtimes: readonly { readonly name: string; readonly usable: boolean; readonly detail: string; readonly isDefault: boolean }[];
  readonly snapshotters: readonly {
    readonly name: string;
    readonly usable: boolean;
    readonly detail: string;
    readonly isDefault: boolean;
  }[];
  readonly networkDrivers: EngineInfo['runtimes'];
  readonly volumeDrivers: EngineInfo['runtimes'];
  readonly plugins: readonly PluginView[];
  readonly containers: { readonly total: number; readonly running: number; readonly paused: number; readonly stopped: number };
  readonly images: number;
  readonly insecureRegistries: readonly string[];
  readonly mirrors: readonly string[];
  readonly warnings: readonly string[];
}

export interface PluginView {
  readonly name: string;
  readonly version: string;
  readonly builtIn: boolean;
  /** `suspended`: something that it provides fails again and again, and is only asked now and then. */
  readonly state: 'loaded' | 'failed' | 'suspended';
  /** Why it failed to load, or what failed last. */
  readonly error: string | null;
  readonly provides: readonly { readonly point: string; readonly name: string }[];
  /** Null when nobody said: each hook says by itself. */
  readonly required: boolean | null;
  readonly isolation: PluginIsolation;
  readonly permissions: readonly SpecPermission[];
  /** A path, a package; empty for a built-in one. */
  readonly source: string;
}

export interface PluginDetails extends PluginView {
  readonly apiVersion: number | null;
  readonly requires: readonly string[];
  /** JSON Schema; null when it declares none. */
  readonly options: unknown;
  readonly usage: readonly PluginUsage[];
}

/** The calls of one method of what a plugin provides, since it was loaded. */
export interface PluginUsage extends Omit<CallAccount, 'point'> {
  readonly plugin: string;
  readonly point: string;
  readonly breaker: BreakerState;
}

export type { OutputChunk, ProcessStreams };
