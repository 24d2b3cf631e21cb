import type { DatabaseSync } from 'node:sqlite';
import { JockerError } from '../errors/jocker-error.ts';
import type { SpaceReserve } from './space-reserve.ts';

const sqliteFull = 13;

export interface Transactions {
  /**
   * All of `work` or none of it. A transaction inside another joins it. On a full disk an urgent one (a removal, an exit) is
   * tried again with reserved space; the others throw `resource-exhausted`.
   */
  transaction<T>(this: void, work: () => T, options?: { readonly urgent?: boolean | undefined }): T;
  /** After something was removed: puts back what an urgent transaction took of the reserve, if there is room. */
  restoreReserve(this: void): Promise<void>;
  /** Runs after the commit of the transaction that runs now, at once outside of one; not at all after a rollback. */
  afterCommit(this: void, callback: () => void): void;
  /** Runs when the transaction that runs now is rolled back, newest first; for what was changed in memory too. */
  afterRollback(this: void, callback: () => void): void;
}

export function createTransactions(database: DatabaseSync, reserve: SpaceReserve): Transactions {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  let waiting: (() => void)[] | undefined;
  let undoing: (() => void)[] = [];

  function attempt<T>(work: () => T): { result: T; callbacks: readonly (() => void)[] } {
    const callbacks: (() => void)[] = [];
    begin.run();
    waiting = callbacks;
    try {
      const result = work();
      commit.run();
      return { result, callbacks };
    } catch (error) {
      if (database.isTransaction) rollback.run();
      for (const undo of undoing.toReversed()) undo();
      throw error;
    } finally {
      waiting = undefined;
      undoing = [];
    }
  }

  function attemptWithReserve<T>(work: () => T, urgent: boolean): { result: T; callbacks: readonly (() => void)[] } {
    for (;;) {
      try {
        return attempt(work);
      } catch (error) {
        if (!isFull(error)) throw error;
        if (urgent && reserve.release()) continue;
        throw new JockerError('resource-exhausted', 'no space is left for the state of the engine', { cause: error });
      }
    }
  }

  return {
    transaction<T>(work: () => T, { urgent = false }: { readonly urgent?: boolean | undefined } = {}): T {
      if (waiting !== undefined) return work();
      const { result, callbacks } = attemptWithReserve(work, urgent);
      for (const callback of callbacks) callback();
      return result;
    },
    restoreReserve: () => reserve.restore(),
    afterCommit(callback: () => void): void {
      if (waiting === undefined) callback();
      else waiting.push(callback);
    },
    afterRollback(callback: () => void): void {
      if (waiting !== undefined) undoing.push(callback);
    },
  };
}

const isFull = (error: unknown): boolean => error instanceof Error && 'errcode' in error && error.errcode === sqliteFull;
