import type { EventEnvelope, EventName, EventPayload } from './lifecycle-events.ts';

/** The engine's own half of the bus. Plugins and servers never see it. */
export interface EventPublisher {
  /**
   * Keeps the event and, in the same transaction, what `change` writes; then tells the listeners, in the order of `seq`.
   * Inside a running transaction it joins it, and the listeners hear of it after the commit.
   */
  publish<N extends EventName>(name: N, event: EventPayload<N>, options?: PublishOptions): EventEnvelope;
}

export interface PublishOptions {
  /** The operation that this happened in. */
  readonly operationId?: string | null;
  /** Writes to the state database; runs before the event is kept. */
  readonly change?: () => void;
  /** May take the space that is reserved for when the disk is full: it makes room, or must not be lost. */
  readonly urgent?: boolean;
}
