import type { ContainerApi } from '../engine/engine.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { LayerProgress } from '../events/lifecycle-events.ts';
import type { RegistryCredentials } from '../image/image-source.ts';
import type { ContainerNetworks } from '../network/container-networks.ts';
import type { LeaseCheck } from '../lease/leases.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageRunConfig } from '../oci/image-config.ts';
import type { Platform } from '../oci/platform.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { Operation } from '../operation/operation.ts';
import type { Drivers } from '../plugin/drivers.ts';
import type { PluginHost } from '../plugin/plugin-host.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import type { HostFacts } from '../spec/spec-mutator.ts';
import type { Intents } from '../state/intents.ts';
import type { Transactions } from '../state/transactions.ts';
import type { ContainerVolumes } from '../volume/container-volumes.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRuns } from './container-runs.ts';
import type { ContainerStore } from './container-store.ts';
import type { ExitWaiters } from './exit-waiters.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { PendingAttaches } from './pending-attaches.ts';

/** What the verbs of containers work with. */
export interface ContainerDeps {
  readonly store: ContainerStore;
  readonly state: Transactions;
  readonly intents: Intents;
  readonly publisher: EventPublisher;
  readonly drivers: Drivers;
  readonly plugins: Pick<PluginHost, 'contributions' | 'use' | 'assertRequired'>;
  readonly images: ContainerImages;
  readonly networks: ContainerNetworks;
  readonly volumes: ContainerVolumes;
  readonly leases: LeaseCheck;
  readonly host: HostFacts;
  readonly paths: ContainerPaths;
  readonly lock: KeyedLock;
  readonly runs: ContainerRuns;
  readonly waiters: ExitWaiters;
  readonly pendingAttaches: PendingAttaches;
  readonly log: Logger;
  /** What the engine does by itself after an exit, as operations of its own; never throws. */
  readonly automatic: { start(id: string): void; remove(id: string): void };
  /** Fires when the engine closes: watching ends, containers go on. */
  readonly closing: AbortSignal;
  /** Called between the steps of a verb; tests end the engine there. */
  readonly checkpoint?: (name: string) => Promise<void>;
}

/** What containers need of images. */
export interface ContainerImages {
  /** The image that a reference names, on this machine and unpacked for the snapshotter when this resolves. */
  ensure(reference: string, options: EnsureImageOptions): Promise<ReadyImage>;
}

export interface EnsureImageOptions {
  readonly pull: 'missing' | 'always' | 'never';
  readonly platform: string | undefined;
  readonly snapshotter: Snapshotter;
  readonly credentials: RegistryCredentials | undefined;
  readonly onProgress: ((layers: readonly LayerProgress[]) => void) | undefined;
  readonly operation: Operation;
}

export interface ReadyImage {
  /** Normalised. */
  readonly reference: string;
  readonly imageId: Digest;
  readonly config: ImageRunConfig;
  /** Undefined for an image without layers. */
  readonly chainId: Digest | undefined;
  readonly platform: Platform;
}

export type CreateOptions = NonNullable<Parameters<ContainerApi['create']>[1]>;
