import type { EventLog } from './event-log.ts';
import type { EventEnvelope, EventSubscriber } from './lifecycle-events.ts';

export interface FollowOptions {
  readonly since?: number;
  readonly signal: AbortSignal;
  readonly includeProgress?: boolean;
  /** How many live events wait for a reader before it is caught up from the log. */
  readonly maxWaiting?: number;
}

const batchSize = 500;

/**
 * Kept events after `since`, then live ones, each once and in order. Live events wait in a bounded queue; a reader that
 * falls behind loses the queue and reads the log until it is up again. Without `since`: live events from the call on.
 */
export function followEvents(
  bus: EventSubscriber & { readonly lastSeq: number },
  log: EventLog,
  { since, signal, includeProgress = false, maxWaiting = 1_000 }: FollowOptions,
): AsyncIterable<EventEnvelope> {
  if (since !== undefined) log.assertKept(since);
  const start = since ?? bus.lastSeq;

  async function* events(): AsyncGenerator<EventEnvelope> {
    let delivered = start;
    let behind = true;
    let waiting: EventEnvelope[] = [];
    let wake: (() => void) | undefined;
    const wakeUp = (): void => wake?.();

    using _subscription = bus.onAny((envelope) => {
      if (envelope.name === 'image:progress' && !includeProgress) return;
      if (behind) {
        wakeUp();
        return;
      }
      if (waiting.length < maxWaiting) waiting.push(envelope);
      else {
        waiting = [];
        behind = true;
      }
      wakeUp();
    });
    signal.addEventListener('abort', wakeUp);
    try {
      while (!signal.aborted) {
        if (behind) {
          log.assertKept(delivered);
          const batch = log.after(delivered, batchSize).filter((envelope) => envelope.seq <= bus.lastSeq);
          if (batch.length === 0) {
            behind = false;
            continue;
          }
          for (const envelope of batch) {
            delivered = envelope.seq;
            yield envelope;
            if (signal.aborted) return;
          }
          continue;
        }
        const next = waiting.shift();
        if (next !== undefined) {
          if (next.name !== 'image:progress') {
            if (next.seq <= delivered) continue;
            delivered = next.seq;
          }
          yield next;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    } finally {
      signal.removeEventListener('abort', wakeUp);
    }
  }
  return events();
}
