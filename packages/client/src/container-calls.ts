import type { Readable } from 'node:stream';
import {
  decodeLogEntry,
  errorFromBody,
  FrameDecoder,
  frameType,
  isJockerError,
  jsonOfFrame,
  type CommitOptions,
  type ContainerDetails,
  type ContainerStats,
  type ContainerView,
  type CreateRequest,
  type CreateResult,
  type Digest,
  type LayerProgress,
  type LogEntry as SentLogEntry,
  type OciSpec,
  type RegistryCredentials,
  type ResourceLimits,
  type RestartPolicy,
  type SpecFieldOrigin,
  type SpecStep,
  type TerminalSize,
} from '@jocker/protocol';
import { createFileCalls, type FileCalls } from './file-calls.ts';
import { bufferOf, createProcessSession, type ProcessSession } from './process-session.ts';
import { callWithProgress, type ProgressOptions } from './progress-call.ts';
import { sentEvents } from './sent-events.ts';
import { connectionError, pathOf, type UnixSocket } from './unix-socket.ts';

export interface LogEntry extends SentLogEntry {
  readonly data: Buffer;
}

export interface LogOptions {
  readonly follow?: boolean;
  readonly since?: Date;
  readonly until?: Date;
  readonly tail?: number;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  /** Entries after this cursor. */
  readonly after?: string;
  /** The id is a name; when another container takes it, its log follows. */
  readonly byName?: boolean;
  readonly signal?: AbortSignal;
}

export interface StopOptions {
  readonly timeoutSeconds?: number;
  readonly stopSignal?: string;
}

export interface ContainerCalls {
  create(
    request: CreateRequest,
    options?: { readonly credentials?: RegistryCredentials } & ProgressOptions<LayerProgress>,
  ): Promise<CreateResult>;
  dryRun(request: CreateRequest): Promise<{ readonly spec: OciSpec; readonly steps: readonly SpecStep[] }>;
  start(id: string): Promise<void>;
  stop(id: string, options?: StopOptions): Promise<void>;
  restart(id: string, options?: StopOptions): Promise<void>;
  kill(id: string, signal: string | number): Promise<void>;
  pause(id: string): Promise<void>;
  unpause(id: string): Promise<void>;
  rename(id: string, name: string): Promise<void>;
  update(
    id: string,
    change: { readonly resources?: ResourceLimits; readonly restartPolicy?: RestartPolicy },
  ): Promise<{ readonly warnings: readonly string[] }>;
  wait(
    id: string,
    options?: { readonly condition?: 'not-running' | 'next-exit' | 'removed'; readonly signal?: AbortSignal },
  ): Promise<{ readonly exitCode: number; readonly error?: string }>;
  remove(id: string, options?: { readonly force?: boolean; readonly volumes?: boolean }): Promise<void>;
  prune(): Promise<{ readonly removed: readonly string[]; readonly reclaimedBytes: number }>;
  list(): Promise<readonly ContainerView[]>;
  inspect(id: string): Promise<ContainerDetails>;
  size(id: string): Promise<{ readonly writableBytes: number; readonly rootBytes: number }>;
  spec(id: string): Promise<{ readonly spec: OciSpec; readonly steps: readonly SpecStep[] }>;
  /** Who set each value of its config.json, at and below `path` (a JSON pointer) or everywhere. */
  explain(id: string, path?: string): Promise<readonly SpecFieldOrigin[]>;
  logs(id: string, options?: LogOptions): AsyncIterable<LogEntry>;
  /** Also before it starts; the session's exit is the container's next one. */
  attach(
    id: string,
    options?: { readonly replay?: boolean; readonly stdin?: boolean; readonly signal?: AbortSignal },
  ): Promise<ProcessSession>;
  resize(id: string, size: TerminalSize): Promise<void>;
  top(id: string, psArgs?: string): Promise<{ readonly titles: readonly string[]; readonly processes: readonly (readonly string[])[] }>;
  stats(id: string): Promise<ContainerStats>;
  followStats(id: string, options?: { readonly signal?: AbortSignal; readonly intervalMs?: number }): AsyncIterable<ContainerStats>;
  changes(id: string): Promise<readonly { readonly path: string; readonly kind: 'modified' | 'added' | 'deleted' }[]>;
  export(id: string, options?: { readonly signal?: AbortSignal }): Promise<Readable>;
  commit(id: string, options?: Omit<CommitOptions, 'config'>): Promise<{ readonly imageId: Digest }>;
  readonly files: FileCalls;
}

export function createContainerCalls(socket: UnixSocket): ContainerCalls {
  const get = <T>(id: string, what: string, query = {}): Promise<T> =>
    socket.json<T>({ method: 'GET', path: pathOf('containers', id, what), query });
  const post = <T>(id: string, verb: string, json: unknown = {}, signal?: AbortSignal): Promise<T> =>
    socket.json<T>({ method: 'POST', path: pathOf('containers', id, verb), json, signal });

  return {
    create: (request, { onProgress, signal, ...rest } = {}) =>
      callWithProgress(socket, { method: 'POST', path: '/containers', json: { request, ...rest } }, { onProgress, signal }),
    dryRun: (request) => socket.json({ method: 'POST', path: '/containers/dry-run', json: request }),
    start: (id) => post(id, 'start'),
    stop: (id, options) => post(id, 'stop', options),
    restart: (id, options) => post(id, 'restart', options),
    kill: (id, signal) => post(id, 'kill', { signal }),
    pause: (id) => post(id, 'pause'),
    unpause: (id) => post(id, 'unpause'),
    rename: (id, name) => post(id, 'rename', { name }),
    update: (id, change) => post(id, 'update', change),
    wait: (id, { signal, ...body } = {}) => post(id, 'wait', body, signal),
    remove: (id, { force, volumes } = {}) => socket.json({ method: 'DELETE', path: pathOf('containers', id), query: { force, volumes } }),
    prune: () => socket.json({ method: 'POST', path: '/containers/prune', json: {} }),
    list: () => socket.json({ method: 'GET', path: '/containers' }),
    inspect: (id) => socket.json({ method: 'GET', path: pathOf('containers', id) }),
    size: (id) => get(id, 'size'),
    spec: (id) => get(id, 'spec'),
    explain: (id, path) => get(id, 'explain', { path }),
    logs: (id, options = {}) => readLogs(socket, id, options),
    attach: async (id, { signal, ...query } = {}) =>
      createProcessSession(await socket.upgrade({ method: 'POST', path: pathOf('containers', id, 'attach'), query, signal })),
    resize: (id, size) => post(id, 'resize', size),
    top: (id, psArgs) => get(id, 'top', { psArgs }),
    stats: (id) => get(id, 'stats'),
    followStats: (id, { signal, intervalMs } = {}) =>
      sentEvents<ContainerStats>(socket, {
        method: 'GET',
        path: pathOf('containers', id, 'stats', 'follow'),
        query: { intervalMs },
        signal,
      }),
    changes: (id) => get(id, 'changes'),
    export: (id, { signal } = {}) => socket.send({ method: 'GET', path: pathOf('containers', id, 'export'), signal }),
    commit: (id, options) => post(id, 'commit', options),
    files: createFileCalls(socket),
  };
}

const withBuffer = (entry: SentLogEntry): LogEntry => ({ ...entry, data: bufferOf(entry.data) });

async function* readLogs(socket: UnixSocket, id: string, { signal, ...query }: LogOptions): AsyncGenerator<LogEntry> {
  const answer = await socket.send({ method: 'GET', path: pathOf('containers', id, 'logs'), query: { ...query }, signal });
  const decoder = new FrameDecoder();
  try {
    for await (const bytes of answer) {
      for (const frame of decoder.push(bytes as Uint8Array)) {
        if (frame.type === frameType.log) yield withBuffer(decodeLogEntry(frame));
        else if (frame.type === frameType.error) throw errorFromBody(jsonOfFrame(frame), 'the log broke');
      }
    }
  } catch (error) {
    throw isJockerError(error) ? error : connectionError(error, socket.socketPath, signal);
  }
}
