import type { ProcessStreams } from '../runtime/runtime-backend.ts';
import { createDeferredStreams, type DeferredStreams } from './deferred-streams.ts';

/** Clients that attached before the start: they get the first byte too. */
export interface PendingAttaches {
  add(id: string, openStdin: boolean): ProcessStreams;
  /** Connects all that wait, between the making of the process and its start. */
  connect(id: string, attach: () => Promise<ProcessStreams>): Promise<void>;
  /** The container will not start: it failed to, or is gone. */
  end(id: string): void;
}

export function createPendingAttaches(): PendingAttaches {
  const waiting = new Map<string, Set<DeferredStreams>>();
  const take = (id: string): Iterable<DeferredStreams> => {
    const all = waiting.get(id) ?? [];
    waiting.delete(id);
    return all;
  };
  return {
    add(id, openStdin) {
      const all = waiting.get(id) ?? new Set();
      waiting.set(id, all);
      const deferred = createDeferredStreams(openStdin, () => {
        all.delete(deferred);
        if (all.size === 0 && waiting.get(id) === all) waiting.delete(id);
      });
      all.add(deferred);
      return deferred.streams;
    },
    async connect(id, attach) {
      for (const deferred of take(id)) {
        try {
          deferred.connect(await attach());
        } catch (error) {
          deferred.end();
          throw error;
        }
      }
    },
    end(id) {
      for (const deferred of take(id)) deferred.end();
    },
  };
}
