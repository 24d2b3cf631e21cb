import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { applySchema } from '../state/schema.ts';
import { memoryState } from '../testing/memory-state.ts';
import { createEventLog, type EventLog } from './event-log.ts';

const append = (log: EventLog, time: string): number =>
  log.append({ time, name: 'image:pulling', operationId: null, json: '{"reference":"a"}' });

test('numbers go on after the database was closed and opened again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'jocker-event-log-'));
  try {
    const open = (): DatabaseSync => {
      const database = new DatabaseSync(join(directory, 'state.db'));
      applySchema(database);
      return database;
    };
    const first = open();
    append(createEventLog(first), '2026-01-01T00:00:00.000Z');
    first.close();
    const second = open();
    expect(append(createEventLog(second), '2026-01-01T00:00:01.000Z')).toBe(2);
    second.close();
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('pruning keeps the newest events by number and drops those past the age', () => {
  const log = createEventLog(memoryState().database, { maxEvents: 3, maxAgeDays: 1 });
  for (let day = 1; day <= 5; day += 1) append(log, `2026-01-0${day}T00:00:00.000Z`);
  log.prune(new Date('2026-01-05T00:00:00.000Z'));
  expect(log.after(0, 10).map((event) => event.seq)).toEqual([4, 5]);
});

test('pruning never drops the newest event, however old, so that no number is given twice', () => {
  const log = createEventLog(memoryState().database, { maxEvents: 3, maxAgeDays: 1 });
  append(log, '2020-01-01T00:00:00.000Z');
  log.prune(new Date('2026-01-05T00:00:00.000Z'));
  expect([log.lastSeq, append(log, '2026-01-05T00:00:00.000Z')]).toEqual([1, 2]);
});

test('what is older than the log, or newer than it, is gone', () => {
  const log = createEventLog(memoryState().database, { maxEvents: 2, maxAgeDays: 365 });
  for (let count = 0; count < 5; count += 1) append(log, '2026-01-01T00:00:00.000Z');
  log.prune(new Date('2026-01-01T00:00:00.000Z'));
  expect(() => log.assertKept(2)).toThrow(/gone/);
  expect(() => log.assertKept(6)).toThrow(/gone/);
  log.assertKept(3);
  log.assertKept(5);
});

test('a range takes both ends and the newest of them when it is limited', () => {
  const log = createEventLog(memoryState().database);
  for (let day = 1; day <= 5; day += 1) append(log, `2026-01-0${day}T00:00:00.000Z`);
  const seqs = (from?: string, to?: string, limit = 10): number[] => log.range(from, to, limit).map((event) => event.seq);
  expect(seqs('2026-01-02T00:00:00.000Z', '2026-01-04T00:00:00.000Z')).toEqual([2, 3, 4]);
  expect(seqs(undefined, undefined, 2)).toEqual([4, 5]);
});
