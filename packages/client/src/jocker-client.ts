import type { ContainerView, EngineInfo, EngineSnapshot, EventEnvelope, Handshake, ImageView, RegistryCredentials } from '@jocker/protocol';
import { createContainerCalls, type ContainerCalls } from './container-calls.ts';
import { followEvents, keepFollowingEvents, type EventStreamOptions, type FollowEvents } from './event-stream.ts';
import { createExecCalls, type ExecCalls } from './exec-calls.ts';
import { createImageCalls, type ImageCalls } from './image-calls.ts';
import { createLeaseCalls, type LeaseCalls } from './lease-calls.ts';
import { createNetworkCalls, type NetworkCalls } from './network-calls.ts';
import { createOperationCalls, type OperationCalls } from './operation-calls.ts';
import { createPluginCalls, type PluginCalls } from './plugin-calls.ts';
import { createVolumeCalls, type VolumeCalls } from './volume-calls.ts';
import { createUnixSocket } from './unix-socket.ts';

export interface JockerClientOptions {
  readonly socketPath: string;
  /** Names this program in the engine's records: `cli`, `vscode`. */
  readonly client: string;
}

/** The engine behind a socket, in the engine's own words. Every error is a `JockerError`. */
export interface JockerClient extends Disposable {
  readonly socketPath: string;
  readonly images: ImageCalls;
  readonly containers: ContainerCalls;
  readonly execs: ExecCalls;
  readonly networks: NetworkCalls;
  readonly volumes: VolumeCalls;
  readonly operations: OperationCalls;
  readonly leases: LeaseCalls;
  readonly plugins: PluginCalls;
  readonly events: EventCalls;
  readonly system: SystemCalls;
}

export interface EventCalls {
  /** One connection; throws when it breaks, and `failed-precondition` when `since` is older than the engine's log. */
  follow(options?: FollowEvents): AsyncIterable<EventEnvelope>;
  /** Connects again and again until the signal fires; each event once, in order. */
  keepFollowing(options: EventStreamOptions): Promise<void>;
  range(options?: { readonly from?: Date; readonly to?: Date; readonly limit?: number }): Promise<readonly EventEnvelope[]>;
}

export interface SystemCalls {
  handshake(options?: { readonly signal?: AbortSignal }): Promise<Handshake>;
  info(): Promise<EngineInfo>;
  snapshot(options?: { readonly signal?: AbortSignal }): Promise<EngineSnapshot>;
  diskUsage(): Promise<{
    readonly layersBytes: number;
    readonly images: readonly (ImageView & { readonly sharedBytes: number })[];
    readonly containers: readonly (ContainerView & { readonly writableBytes: number; readonly rootBytes: number })[];
  }>;
  authenticate(credentials: RegistryCredentials): Promise<{ readonly status: string; readonly identityToken: string }>;
}

export function createJockerClient({ socketPath, client }: JockerClientOptions): JockerClient {
  const socket = createUnixSocket(socketPath, client);
  return {
    socketPath,
    images: createImageCalls(socket),
    containers: createContainerCalls(socket),
    execs: createExecCalls(socket),
    networks: createNetworkCalls(socket),
    volumes: createVolumeCalls(socket),
    operations: createOperationCalls(socket),
    leases: createLeaseCalls(socket),
    plugins: createPluginCalls(socket),
    events: {
      follow: (options = {}) => followEvents(socket, options),
      keepFollowing: (options) => keepFollowingEvents(socket, options),
      range: (options = {}) => socket.json({ method: 'GET', path: '/events/range', query: options }),
    },
    system: {
      handshake: ({ signal } = {}) => socket.json({ method: 'GET', path: '/handshake', signal }),
      info: () => socket.json({ method: 'GET', path: '/info' }),
      snapshot: ({ signal } = {}) => socket.json({ method: 'GET', path: '/snapshot', signal }),
      diskUsage: () => socket.json({ method: 'GET', path: '/disk-usage' }),
      authenticate: (credentials) => socket.json({ method: 'POST', path: '/authenticate', json: credentials }),
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}
