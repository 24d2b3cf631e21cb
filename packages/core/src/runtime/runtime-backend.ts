import type { Readable, Writable } from 'node:stream';
import type { OciProcess, OciResources, OciSpec } from '../oci/runtime-spec.ts';
import type { Mount } from '../snapshot/snapshotter.ts';
import type { OperationContext, Usability } from '../operation/operation-context.ts';
import type { TerminalSize } from '../container/create-request.ts';

/** A container as the runtime gets it. `directory` holds config.json (the backend writes it) and is removed by `delete`'s caller. */
export interface Bundle {
  readonly directory: string;
  readonly spec: OciSpec;
  /** Mounted at `spec.root.path` for this container's processes only; nothing stays mounted on the host. */
  readonly rootfs: readonly Mount[];
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  /** The k8s-file log (`TIME STREAM F|P TEXT`) that the monitor appends to; undefined: output is dropped after attach. */
  readonly logPath: string | undefined;
}

export interface ExitStatus {
  /** 0–255; 128+n by signal, as a shell says it. 255 with `unknown` when the monitor was lost. */
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** ISO 8601. */
  readonly finishedAt: string;
  readonly unknown?: boolean;
}

/**
 * The bytes of a process. Reading never stops the process: what no one takes is bounded and, past the bound, dropped for
 * that reader only. With a tty everything comes as `stdout`.
 */
export interface ProcessStreams extends AsyncDisposable {
  /** Chunks in the order in which they were read; ends when the process closed its output or the reader was closed. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Undefined when stdin is not open. `end()` is the half-close: the process reads end of file, its output goes on. */
  readonly stdin: Writable | undefined;
}

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

export interface ExecRequest {
  readonly execId: string;
  readonly process: OciProcess;
  readonly tty: boolean;
  /** At first; a runtime may let the process run a moment before it is in force. */
  readonly size?: TerminalSize;
  readonly openStdin: boolean;
}

/** A process started in a running container, owned by the backend's process. */
export interface ExecProcess {
  /** In the host's pid namespace. */
  readonly pid: number;
  /** Undefined with a tty: everything comes on stdout. The reader must read; back-pressure reaches the process. */
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  readonly stdin: Writable | undefined;
  /** Resolves after the process ended; output may still be in the streams. */
  readonly exited: Promise<{ readonly exitCode: number }>;
  /** `signal` by number; of a process that has ended: nothing happens. */
  kill(signal: number): void;
  resize(size: TerminalSize): void;
}

export type RuntimeStatus = 'creating' | 'created' | 'running' | 'paused' | 'stopped';

/**
 * Runs containers. Order of calls per id: create → start → (exec, kill, pause, resume, update, attach)* → delete; `exit`
 * at any time after create. Everything survives the engine: a new engine in a new process calls `exit(id)`, `state(id)`
 * and `attach(id)` for a container that an earlier one created, with the same directory.
 *
 * Errors: `not-found` for an unknown id; `failed-precondition` for a wrong state; create, start and exec throw
 * `invalid-argument` with `details.reason` `command-not-found` or `command-not-executable` when the program cannot be run.
 * A create that throws leaves nothing behind.
 */
export interface RuntimeBackend {
  readonly name: string;
  probe(): Promise<Usability>;
  /** Version text of the runtime, for `info`; only after a good probe. */
  version(): Promise<string>;
  /** A create is on its way: the backend may warm up (kernel grace periods). Never fails, never blocks. */
  prewarm?(): void;
  create(id: string, bundle: Bundle, context: OperationContext): Promise<{ readonly pid: number }>;
  start(id: string, bundle: Bundle, context: OperationContext): Promise<void>;
  state(id: string, bundle: BundleLocation, context: OperationContext): Promise<{ readonly status: RuntimeStatus; readonly pid: number }>;
  /** `signal` by number. Throws `failed-precondition` when the process has ended. */
  kill(id: string, signal: number, bundle: BundleLocation, context: OperationContext): Promise<void>;
  pause(id: string, context: OperationContext): Promise<void>;
  resume(id: string, context: OperationContext): Promise<void>;
  update(id: string, resources: OciResources, context: OperationContext): Promise<void>;
  /** Runtime state, cgroup and monitor of a stopped (or, with force, any) container. Unknown ids are fine. */
  delete(id: string, bundle: BundleLocation, options: { readonly force: boolean }, context: OperationContext): Promise<void>;
  exec(id: string, bundle: BundleLocation, request: ExecRequest, context: OperationContext): Promise<ExecProcess>;
  /** Streams of the main process; as many as one likes, each with its own bound. From now on, nothing of the past. */
  attach(id: string, bundle: BundleLocation, context: OperationContext): Promise<ProcessStreams>;
  resize(id: string, bundle: BundleLocation, size: TerminalSize, context: OperationContext): Promise<void>;
  /** Resolves when the main process has ended and its whole output is in the log; at once when it already has. */
  exit(id: string, bundle: BundleLocation, context: OperationContext): Promise<ExitStatus>;
  /** Tells the monitor to open the log again after the engine renamed it (rotation). */
  reopenLog(id: string, bundle: BundleLocation): Promise<void>;
  /** Ids that the runtime knows under this engine's root, for the repair at the engine's start. */
  list(): Promise<readonly string[]>;
}

/** What is left of a bundle once the container runs; survives the engine on disk. */
export interface BundleLocation {
  readonly directory: string;
  readonly tty: boolean;
  readonly openStdin: boolean;
  /** With it, `end()` of an attached stdin reaches the process; without it the next client goes on writing. */
  readonly stdinOnce: boolean;
}
