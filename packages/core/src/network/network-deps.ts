import type { ContainerStore } from '../container/container-store.ts';
import type { ContainerPaths } from '../container/container-paths.ts';
import type { KeyedLock } from '../container/keyed-lock.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { DriverSet } from '../plugin/drivers.ts';
import type { Transactions } from '../state/transactions.ts';
import type { NetworkDriver } from './network-driver.ts';
import type { NetworkStore } from './network-store.ts';

/** What the verbs of networks work with. */
export interface NetworkDeps {
  readonly networks: NetworkStore;
  readonly containers: ContainerStore;
  readonly drivers: DriverSet<NetworkDriver>;
  readonly state: Transactions;
  readonly publisher: EventPublisher;
  readonly paths: ContainerPaths;
  /** By container. */
  readonly containerLock: KeyedLock;
  /** By network: a driver sees one call at a time for each. */
  readonly networkLock: KeyedLock;
  /** What is being given back: the next container may want exactly that port. */
  readonly releasing: Set<Promise<void>>;
  readonly log: Logger;
  readonly closing: AbortSignal;
  /** The mode of a container that names none; `bridge` where networks can be made, else `none`. */
  readonly defaultNetwork: string | undefined;
  /** Where ports are published that name no address. */
  readonly publishAddress: string | undefined;
  readonly checkpoint?: ((name: string) => Promise<void>) | undefined;
}
