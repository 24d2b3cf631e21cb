import type { ContainerPaths } from '../container/container-paths.ts';
import type { ContainerStore } from '../container/container-store.ts';
import type { KeyedLock } from '../container/keyed-lock.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { Drivers } from '../plugin/drivers.ts';
import type { Transactions } from '../state/transactions.ts';
import type { VolumeStore } from './volume-store.ts';

/** What the verbs of volumes work with. */
export interface VolumeDeps {
  readonly volumes: VolumeStore;
  readonly containers: ContainerStore;
  readonly drivers: Drivers;
  readonly state: Transactions;
  readonly publisher: EventPublisher;
  readonly paths: ContainerPaths;
  /** By volume. */
  readonly lock: KeyedLock;
  readonly log: Logger;
  readonly closing: AbortSignal;
  readonly checkpoint?: ((name: string) => Promise<void>) | undefined;
}
