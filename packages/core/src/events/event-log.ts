import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { JockerError } from '../errors/jocker-error.ts';
import type { EventEnvelope, EventName } from './lifecycle-events.ts';

/** The kept events, by seq. All calls are synchronous: one takes some hundredths of a millisecond. */
export interface EventLog {
  readonly lastSeq: number;
  append(event: { readonly time: string; readonly name: EventName; readonly operationId: string | null; readonly json: string }): number;
  /** Oldest first. */
  after(seq: number, limit: number): readonly EventEnvelope[];
  /** The newest `limit` between the times, oldest first. */
  range(from: string | undefined, to: string | undefined, limit: number): readonly EventEnvelope[];
  /** Throws `failed-precondition` when events after `seq` are not all there any more. */
  assertKept(seq: number): void;
  /** Drops what is older than the retention allows, never the newest event: it carries the number to go on from. */
  prune(now: Date): void;
}

export interface EventRetention {
  readonly maxEvents: number;
  readonly maxAgeDays: number;
}

const defaultRetention: EventRetention = { maxEvents: 100_000, maxAgeDays: 30 };
const pruneEvery = 1_000;

export function createEventLog(database: DatabaseSync, retention: EventRetention = defaultRetention): EventLog {
  const insert = database.prepare('INSERT INTO events (time, name, operation_id, event) VALUES (?, ?, ?, ?)');
  const newest = database.prepare('SELECT max(seq) AS seq FROM events');
  const oldest = database.prepare('SELECT min(seq) AS seq FROM events');
  const selectAfter = database.prepare('SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?');
  const selectRange = database.prepare(
    'SELECT * FROM (SELECT * FROM events WHERE time >= ? AND time <= ? ORDER BY seq DESC LIMIT ?) ORDER BY seq',
  );
  const deleteOld = database.prepare('DELETE FROM events WHERE seq < ? AND (seq <= ? OR time < ?)');

  const newestSeq = (): number => Number(newest.get()?.['seq'] ?? 0);

  return {
    get lastSeq(): number {
      return newestSeq();
    },
    append({ time, name, operationId, json }): number {
      // SQLite numbers a new row max(seq) + 1, and the newest row is never deleted.
      const seq = Number(insert.run(time, name, operationId, json).lastInsertRowid);
      if (seq % pruneEvery === 0) this.prune(new Date(time));
      return seq;
    },
    after(seq, limit) {
      return selectAfter.all(seq, limit).map(toEnvelope);
    },
    range(from, to, limit) {
      return selectRange.all(from ?? '', to ?? '9', limit).map(toEnvelope);
    },
    assertKept(seq): void {
      const last = newestSeq();
      const first = Number(oldest.get()?.['seq'] ?? 1);
      if (seq >= first - 1 && seq <= last) return;
      throw new JockerError('failed-precondition', `events after ${seq} are gone: the log has ${first} to ${last}`, {
        details: { first, last },
      });
    },
    prune(now): void {
      const last = newestSeq();
      const eldest = new Date(now.getTime() - retention.maxAgeDays * 86_400_000).toISOString();
      deleteOld.run(last, last - retention.maxEvents, eldest);
    },
  };
}

function toEnvelope(row: Record<string, SQLOutputValue>): EventEnvelope {
  // Written by `append` of this or an earlier engine, in a database that only the engine can write.
  return {
    seq: Number(row['seq']),
    time: String(row['time']),
    name: String(row['name']),
    operationId: row['operation_id'] === null ? null : String(row['operation_id']),
    event: JSON.parse(String(row['event'])) as unknown,
  } as EventEnvelope;
}
