import { setTimeout as sleep } from 'node:timers/promises';
import { isJockerError, type EventEnvelope, type JockerError } from '@jocker/protocol';
import { sentEvents } from './sent-events.ts';
import { connectionError, type UnixSocket } from './unix-socket.ts';

export interface FollowEvents {
  /** Events after this seq; from now on when absent. */
  readonly since?: number;
  /** With `image:progress`. */
  readonly includeProgress?: boolean;
  readonly signal?: AbortSignal;
}

export interface EventStreamOptions {
  /** The seq of the snapshot that the events continue. */
  readonly since: number;
  readonly includeProgress?: boolean;
  readonly signal: AbortSignal;
  readonly onEvent: (envelope: EventEnvelope) => void;
  /** The engine no longer has the events after the last seq: take a snapshot and resolve with its seq. */
  readonly onGone: () => Promise<number>;
  /** Connected, or why not. */
  readonly onConnection?: (state: 'connected' | JockerError) => void;
  /** A connection that says nothing for this long (the engine's heartbeat is 15 s) is given up. */
  readonly silenceMaxMs?: number;
  readonly retry?: { readonly firstMs: number; readonly maxMs: number };
}

/** One connection: events until it breaks (throws) or the signal fires (returns). */
export async function* followEvents(
  socket: UnixSocket,
  { since, includeProgress, signal }: FollowEvents,
  onBytes?: () => void,
): AsyncGenerator<EventEnvelope> {
  try {
    yield* sentEvents<EventEnvelope>(
      socket,
      { method: 'GET', path: '/events', query: { since, progress: includeProgress }, signal },
      onBytes,
    );
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}

/**
 * Events without end: connects again with back-off and goes on after the last seq, so that each event comes once. Resolves
 * when the signal fires; rejects only if `onGone` or `onEvent` does.
 */
export async function keepFollowingEvents(socket: UnixSocket, options: EventStreamOptions): Promise<void> {
  const { signal, onEvent, onGone, onConnection, includeProgress, silenceMaxMs = 45_000, retry = { firstMs: 100, maxMs: 5_000 } } = options;
  let since = options.since;
  let delayMs = retry.firstMs;
  while (!signal.aborted) {
    const watchdog = createWatchdog(silenceMaxMs, signal);
    let connected = false;
    const heard = (): void => {
      watchdog.heard();
      if (connected) return;
      connected = true;
      delayMs = retry.firstMs;
      onConnection?.('connected');
    };
    let failure: JockerError;
    try {
      const events = followEvents(
        socket,
        { since, signal: watchdog.signal, ...(includeProgress === undefined ? {} : { includeProgress }) },
        heard,
      );
      for (let next = await events.next(); next.done !== true; next = await events.next()) {
        since = Math.max(since, next.value.seq);
        onEventSafely(next.value);
      }
      failure = connectionError(new Error('it ended'), socket.socketPath);
    } catch (error) {
      if (error instanceof ListenerFailure) throw error.cause;
      failure = isJockerError(error) ? error : connectionError(error, socket.socketPath);
    } finally {
      watchdog.stop();
    }
    if (signal.aborted) return;
    if (isJockerError(failure, 'failed-precondition')) since = await onGone();
    else {
      onConnection?.(failure);
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, retry.maxMs);
    }
  }

  function onEventSafely(envelope: EventEnvelope): void {
    try {
      onEvent(envelope);
    } catch (error) {
      throw new ListenerFailure('a listener failed', { cause: error });
    }
  }
}

/** Tells a listener's own error from the connection's. */
class ListenerFailure extends Error {}

interface Watchdog {
  /** Fires with the outer signal, or after silence. */
  readonly signal: AbortSignal;
  heard(): void;
  stop(): void;
}

function createWatchdog(silenceMaxMs: number, outer: AbortSignal): Watchdog {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, silenceMaxMs);
  timer.unref();
  outer.addEventListener('abort', abort);
  return {
    signal: controller.signal,
    heard: () => void timer.refresh(),
    stop: () => {
      clearTimeout(timer);
      outer.removeEventListener('abort', abort);
    },
  };
}
