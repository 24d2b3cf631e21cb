import type { ErrorCode } from '../errors/jocker-error.ts';
import type { ContainerView, ExecView, ImageView } from '../engine/engine.ts';
import type { NetworkAttachment } from '../network/network-attachment.ts';
import type { EndpointRecord, NetworkRecord } from '../network/network-record.ts';
import type { VolumeRecord } from '../volume/volume-record.ts';
import type { HealthStatus } from '../health/health-state.ts';
import type { Digest } from '../oci/digest.ts';

/** What every event of a container carries, so that a listener needs no second call. */
export interface ContainerSubject {
  readonly containerId: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ExecSubject extends ContainerSubject {
  readonly execId: string;
  readonly command: readonly string[];
}

/**
 * Facts, in the past tense, JSON-safe. A snapshot with the events after its seq applied gives the next snapshot: what makes
 * an object carries its whole view, what changes it carries what changed (the envelope's time is the time of the change).
 * Values are tuples: a map of plain objects would make eventemitter3 accept anything.
 */
export interface LifecycleEvents {
  'image:pulling': [event: { readonly reference: string }];
  /** At most ten a second for each pull. Not kept in the log: a client that was away sees the next one. */
  'image:progress': [event: { readonly reference: string; readonly layers: readonly LayerProgress[] }];
  'image:pulled': [
    event: {
      readonly reference: string;
      readonly imageId: Digest;
      readonly manifest: Digest;
      readonly source: string;
      readonly durationMs: number;
      readonly view: ImageView;
    },
  ];
  'image:unpacked': [
    event: { readonly imageId: Digest; readonly chainId: Digest | null; readonly layers: number; readonly durationMs: number },
  ];
  'image:tagged': [event: { readonly imageId: Digest; readonly reference: string }];
  'image:untagged': [event: { readonly imageId: Digest; readonly reference: string }];
  'image:removed': [event: { readonly imageId: Digest }];
  'image:pushed': [event: { readonly reference: string; readonly manifest: Digest }];
  'image:loaded': [event: { readonly imageId: Digest; readonly references: readonly string[]; readonly views: readonly ImageView[] }];
  'image:imported': [event: { readonly imageId: Digest; readonly reference: string | null; readonly view: ImageView }];
  'image:saved': [event: { readonly references: readonly string[] }];
  'spec:built': [event: ContainerSubject & { readonly mutators: readonly string[]; readonly durationMs: number }];
  'container:created': [
    event: ContainerSubject & {
      readonly imageId: Digest;
      readonly runtime: string;
      readonly durationMs: number;
      readonly view: ContainerView;
    },
  ];
  'container:started': [
    event: ContainerSubject & {
      readonly pid: number;
      readonly durationMs: number;
      readonly startedAt: string;
      /** What it has on its networks now. */
      readonly networks: readonly NetworkAttachment[];
      readonly endpoints: readonly EndpointRecord[];
      readonly health: HealthStatus | null;
    },
  ];
  'container:exited': [
    event: ContainerSubject & {
      readonly exitCode: number;
      readonly oomKilled: boolean;
      readonly durationMs: number;
      readonly finishedAt: string;
      /** What it gave back. */
      readonly networks: readonly NetworkAttachment[];
      readonly endpoints: readonly EndpointRecord[];
    },
  ];
  'container:oom': [event: ContainerSubject];
  /** Its checks say something else than before. */
  'container:health': [event: ContainerSubject & { readonly health: HealthStatus }];
  /** A signal was sent on a user's behalf (kill, stop). */
  'container:signalled': [event: ContainerSubject & { readonly signal: number }];
  /** `stop` or `restart` has finished; follows `container:exited`. */
  'container:stopped': [event: ContainerSubject];
  'container:restarted': [event: ContainerSubject];
  'container:paused': [event: ContainerSubject];
  'container:unpaused': [event: ContainerSubject];
  'container:renamed': [event: ContainerSubject & { readonly oldName: string }];
  'container:updated': [event: ContainerSubject];
  'container:removed': [event: ContainerSubject];
  'container:attached': [event: ContainerSubject];
  'container:detached': [event: ContainerSubject];
  'container:resized': [event: ContainerSubject & { readonly columns: number; readonly rows: number }];
  'container:exported': [event: ContainerSubject];
  'container:committed': [
    event: ContainerSubject & { readonly imageId: Digest; readonly reference: string | null; readonly view: ImageView },
  ];
  'container:archive-read': [event: ContainerSubject & { readonly path: string }];
  'container:archive-written': [event: ContainerSubject & { readonly path: string }];
  'container:top': [event: ContainerSubject];
  'exec:created': [event: ExecSubject & { readonly view: ExecView }];
  'exec:started': [event: ExecSubject & { readonly pid: number }];
  'exec:exited': [event: ExecSubject & { readonly exitCode: number; readonly durationMs: number; readonly finishedAt: string }];
  'exec:detached': [event: ExecSubject];
  'network:created': [
    event: { readonly networkId: string; readonly name: string; readonly driver: string; readonly record: NetworkRecord },
  ];
  'network:removed': [event: { readonly networkId: string; readonly name: string }];
  /** `networks` and `endpoints` are those of the container after it. */
  'network:connected': [event: NetworkChange];
  'network:disconnected': [event: NetworkChange];
  'volume:created': [event: { readonly name: string; readonly driver: string; readonly record: VolumeRecord }];
  'volume:removed': [event: { readonly name: string; readonly driver: string }];
  /** By a container that starts, and after its end. */
  'volume:mounted': [event: VolumeUse];
  'volume:unmounted': [event: VolumeUse];
  'operation:started': [event: OperationSubject];
  'operation:finished': [event: OperationSubject & { readonly durationMs: number }];
  'operation:failed': [
    event: OperationSubject & {
      readonly durationMs: number;
      readonly stage: string | null;
      readonly plugin: string | null;
      readonly code: ErrorCode;
      readonly message: string;
    },
  ];
  'prune:finished': [event: { readonly kind: 'containers' | 'images' | 'networks' | 'volumes'; readonly reclaimedBytes: number }];
  'plugin:added': [event: PluginSubject & { readonly version: string }];
  'plugin:removed': [event: PluginSubject];
  /** It could not be loaded, or its process ended. */
  'plugin:failed': [event: PluginSubject & { readonly message: string }];
  /** It has a new process. */
  'plugin:restarted': [event: PluginSubject];
  /** Something that it provides failed several times in a row, and is only asked now and then. */
  'plugin:suspended': [event: HookSubject & { readonly message: string }];
  /** It answers again. */
  'plugin:recovered': [event: HookSubject];
  /** A listener, a plugin or a background job failed without failing an operation. */
  'engine:warned': [event: { readonly what: string; readonly message: string }];
}

export interface PluginSubject {
  readonly plugin: string;
}

export interface NetworkChange extends ContainerSubject {
  readonly networkId: string;
  readonly network: string;
  readonly driver: string;
  readonly networks: readonly NetworkAttachment[];
  readonly endpoints: readonly EndpointRecord[];
}

/** One method of something that a plugin provides. */
export interface HookSubject extends PluginSubject {
  readonly point: string;
  readonly provided: string;
  readonly method: string;
}
export interface VolumeUse extends ContainerSubject {
  readonly volume: string;
  readonly driver: string;
}

export interface OperationSubject {
  /** `container.create`, `image.pull`: the engine's verb. */
  readonly operation: string;
  /** The reference, name or id that was asked for. */
  readonly subject: string;
}

export interface LayerProgress {
  readonly digest: Digest;
  readonly state: 'waiting' | 'downloading' | 'verifying' | 'downloaded' | 'unpacking' | 'done' | 'cached';
  /** Bytes downloaded, or bytes unpacked in state `unpacking`. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export type EventName = keyof LifecycleEvents;
export type EventPayload<N extends EventName> = LifecycleEvents[N][0];

/**
 * What is stored and streamed. `seq` only grows, also over restarts of the engine, so that a client which reconnects asks
 * for what it missed. An event that is not kept (`image:progress`) carries the seq of the last kept one.
 */
export type EventEnvelope = {
  [N in EventName]: {
    readonly seq: number;
    /** ISO 8601 with milliseconds. */
    readonly time: string;
    readonly name: N;
    /** The operation that this happened in; null for what the engine noticed by itself (an exit). */
    readonly operationId: string | null;
    readonly event: EventPayload<N>;
  };
}[EventName];

/** The half of the bus that plugins and servers receive: they can listen, never emit. */
export interface EventSubscriber {
  on<N extends EventName>(name: N, listener: (event: EventPayload<N>, envelope: EventEnvelope) => void): Disposable;
  onAny(listener: (envelope: EventEnvelope) => void): Disposable;
}
