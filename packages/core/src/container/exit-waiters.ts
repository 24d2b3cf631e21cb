export interface ContainerExit {
  readonly exitCode: number;
  readonly error?: string;
}
export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** Who waits for a container to end or to go. Told by the code that records it, right after the commit. */
export interface ExitWaiters {
  /** Rejects with the signal's reason when it fires first. */
  wait(id: string, condition: WaitCondition, signal?: AbortSignal): Promise<ContainerExit>;
  /** `final` is false when the restart policy starts it again. */
  exited(id: string, exit: ContainerExit, final: boolean): void;
  /** Ends every wait: the last exit is all there will be. */
  removed(id: string, exit: ContainerExit): void;
}

interface Waiter {
  readonly condition: WaitCondition;
  resolve(exit: ContainerExit): void;
}

export function createExitWaiters(): ExitWaiters {
  const waiting = new Map<string, Set<Waiter>>();
  const release = (id: string, exit: ContainerExit, applies: (waiter: Waiter) => boolean): void => {
    const waiters = waiting.get(id);
    if (waiters === undefined) return;
    for (const waiter of waiters) if (applies(waiter)) waiter.resolve(exit);
  };
  return {
    wait(id, condition, signal) {
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const waiters = waiting.get(id) ?? new Set<Waiter>();
        waiting.set(id, waiters);
        const leave = (): void => {
          waiters.delete(waiter);
          if (waiters.size === 0 && waiting.get(id) === waiters) waiting.delete(id);
          signal?.removeEventListener('abort', abort);
        };
        const abort = (): void => {
          leave();
          reject(signal?.reason as Error);
        };
        const waiter: Waiter = {
          condition,
          resolve(exit) {
            leave();
            resolve(exit);
          },
        };
        waiters.add(waiter);
        signal?.addEventListener('abort', abort);
      });
    },
    exited: (id, exit, final) => release(id, exit, ({ condition }) => condition === 'next-exit' || (condition === 'not-running' && final)),
    removed: (id, exit) => release(id, exit, () => true),
  };
}
