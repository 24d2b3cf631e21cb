import { watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { identityOf } from './log-files.ts';

/** Tells a follower when to look again, and when there is no more to look for. */
export interface LogChanges extends Disposable {
  /** The container has ended, the reader has gone or the time is up: read the rest and stop. */
  readonly over: boolean;
  /** How often something has happened so far. */
  readonly count: number;
  /** Resolves once `count` is past `seen`. */
  beyond(seen: number): Promise<void>;
  /** Another file is written to by now, so that nothing more comes to the one with this identity. */
  isReplaced(identity: string): Promise<boolean>;
}

export interface WatchLogOptions {
  readonly path: string;
  readonly followUntil: Promise<unknown>;
  readonly signal: AbortSignal | undefined;
  readonly until: Date | undefined;
}

export function watchLog({ path, followUntil, signal, until }: WatchLogOptions): LogChanges {
  let count = 0;
  let over = false;
  let wake: (() => void) | undefined;
  const changed = (): void => {
    count += 1;
    wake?.();
  };
  const end = (): void => {
    over = true;
    changed();
  };
  const name = basename(path);
  const watcher = watch(dirname(path), { persistent: false }, (_event, changedName) => {
    if (changedName === null || changedName === name) changed();
  }).on('error', end);
  followUntil.then(end, end);
  if (signal?.aborted === true) end();
  signal?.addEventListener('abort', end, { once: true });
  const timer = until === undefined ? undefined : setTimeout(end, Math.max(0, until.getTime() - Date.now())).unref();

  return {
    get over() {
      return over;
    },
    get count() {
      return count;
    },
    async beyond(seen) {
      while (count <= seen) await new Promise<void>((resolve) => (wake = resolve));
    },
    async isReplaced(identity) {
      const current = await stat(path).catch(() => undefined);
      return current !== undefined && identityOf(current) !== identity;
    },
    [Symbol.dispose]() {
      watcher.close();
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    },
  };
}
