import type { DatabaseSync } from 'node:sqlite';
import { JockerError } from '../errors/jocker-error.ts';
import type { SpaceReserve } from './space-reserve.ts';

const sqliteFull = 13;

export interface Transactions {
  /**
   * All of `work` or none of it. A transaction inside another joins it. `work` may run twice: on a full disk it is tried
   * again with the reserved space, so that removals and exits are recorded even then.
   */
  transaction<T>(this: void, work: () => T): T;
  /** Runs after the commit of the transaction that runs now, at once outside of one; not at all after a rollback. */
  afterCommit(this: void, callback: () => void): void;
}

export function createTransactions(database: DatabaseSync, reserve: SpaceReserve): Transactions {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  let waiting: (() => void)[] | undefined;

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
      throw error;
    } finally {
      waiting = undefined;
    }
  }

  function attemptWithReserve<T>(work: () => T): { result: T; callbacks: readonly (() => void)[] } {
    try {
      return attempt(work);
    } catch (error) {
      if (!isFull(error)) throw error;
      reserve.release();
    }
    try {
      return attempt(work);
    } catch (error) {
      if (!isFull(error)) throw error;
      throw new JockerError('resource-exhausted', 'no space is left for the state of the engine', { cause: error });
    }
  }

  return {
    transaction<T>(work: () => T): T {
      if (waiting !== undefined) return work();
      const { result, callbacks } = attemptWithReserve(work);
      for (const callback of callbacks) callback();
      return result;
    },
    afterCommit(callback: () => void): void {
      if (waiting === undefined) callback();
      else waiting.push(callback);
    },
  };
}

const isFull = (error: unknown): boolean => error instanceof Error && 'errcode' in error && error.errcode === sqliteFull;
