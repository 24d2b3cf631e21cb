import { EventEmitter } from 'eventemitter3';
import type { Logger } from '../operation/operation-context.ts';
import type { Transactions } from '../state/transactions.ts';
import type { EventLog } from './event-log.ts';
import type { EventPublisher, PublishOptions } from './event-publisher.ts';
import type { EventEnvelope, EventName, EventPayload, EventSubscriber } from './lifecycle-events.ts';

type Channels = Record<EventName | 'any', [envelope: EventEnvelope]>;

/** Not kept: a client that was away sees the next one. */
const passing: ReadonlySet<EventName> = new Set(['image:progress']);

/**
 * Owns the emitter, so that whoever listens cannot emit. A listener that throws or rejects costs a line in the log; the
 * others and the engine go on. Listeners hear events in the order of `seq`, also when one of them publishes.
 */
export class LifecycleBus implements EventPublisher, EventSubscriber {
  readonly #emitter = new EventEmitter<Channels>();
  readonly #state: Transactions;
  readonly #eventLog: EventLog;
  readonly #log: Logger;
  readonly #untold: EventEnvelope[] = [];
  #telling = false;
  #closed = false;
  #lastSeq: number;

  constructor(state: Transactions, eventLog: EventLog, log: Logger) {
    this.#state = state;
    this.#eventLog = eventLog;
    this.#log = log;
    this.#lastSeq = eventLog.lastSeq;
  }

  /** Of the newest event that listeners were, or are being, told of. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  publish<N extends EventName>(name: N, event: EventPayload<N>, options: PublishOptions = {}): EventEnvelope {
    const time = new Date().toISOString();
    const operationId = options.operationId ?? null;
    if (this.#closed) return { seq: this.#lastSeq, time, name, operationId, event } as EventEnvelope;
    if (passing.has(name)) {
      const envelope = { seq: this.#lastSeq, time, name, operationId, event } as EventEnvelope;
      this.#state.afterCommit(() => this.#tell(envelope));
      return envelope;
    }
    return this.#state.transaction(
      () => {
        options.change?.();
        const seq = this.#eventLog.append({ time, name, operationId, json: JSON.stringify(event) });
        const envelope = { seq, time, name, operationId, event } as EventEnvelope;
        this.#state.afterCommit(() => this.#tell(envelope));
        return envelope;
      },
      { urgent: options.urgent },
    );
  }

  /** The log is about to close: what happens from now on is for the next engine to find. */
  close(): void {
    this.#closed = true;
  }

  on<N extends EventName>(name: N, listener: (event: EventPayload<N>, envelope: EventEnvelope) => void): Disposable {
    return this.#listen(name, (envelope) => listener(envelope.event as EventPayload<N>, envelope));
  }

  onAny(listener: (envelope: EventEnvelope) => void): Disposable {
    return this.#listen('any', listener);
  }

  #listen(channel: EventName | 'any', listener: (envelope: EventEnvelope) => unknown): Disposable {
    const complain = (error: unknown): void => {
      this.#log.error('an event listener failed', { event: channel, error: error instanceof Error ? error.message : String(error) });
    };
    const guarded = (envelope: EventEnvelope): void => {
      try {
        const result = listener(envelope);
        if (result instanceof Promise) result.catch(complain);
      } catch (error) {
        complain(error);
      }
    };
    this.#emitter.on(channel, guarded);
    return { [Symbol.dispose]: () => void this.#emitter.off(channel, guarded) };
  }

  #tell(envelope: EventEnvelope): void {
    this.#untold.push(envelope);
    if (this.#telling) return;
    this.#telling = true;
    for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) {
      this.#lastSeq = next.seq;
      this.#emitter.emit(next.name, next);
      this.#emitter.emit('any', next);
    }
    this.#telling = false;
  }
}
