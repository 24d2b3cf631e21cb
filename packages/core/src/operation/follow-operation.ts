import { setTimeout as delay } from 'node:timers/promises';
import type { OperationView } from '../engine/engine.ts';
import type { RunningOperation } from './running-operation.ts';

const minIntervalMs = 100;

/** The view at each change, at most ten a second, the final one last. */
export async function* followOperation(operation: RunningOperation, signal: AbortSignal): AsyncGenerator<OperationView> {
  let changed: (() => void) | undefined;
  let dirty = true;
  const wake = (): void => {
    dirty = true;
    changed?.();
  };
  using _watch = operation.watch(wake);
  signal.addEventListener('abort', wake);
  try {
    while (!signal.aborted) {
      if (!dirty) {
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
        continue;
      }
      dirty = false;
      const { ended } = operation;
      yield operation.view();
      if (ended) return;
      if (!operation.ended) await delay(minIntervalMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    signal.removeEventListener('abort', wake);
  }
}
