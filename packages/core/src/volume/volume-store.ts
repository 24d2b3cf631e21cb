import type { DatabaseSync } from 'node:sqlite';
import { JockerError } from '../errors/jocker-error.ts';
import type { Transactions } from '../state/transactions.ts';
import type { VolumeRecord } from './volume-record.ts';

/** The records of volumes: on disk, with an index in memory that follows each commit. */
export interface VolumeStore {
  /** Throws `not-found`. */
  find(name: string): VolumeRecord;
  get(name: string): VolumeRecord | undefined;
  /** By name. */
  list(): readonly VolumeRecord[];
  add(record: VolumeRecord): void;
  change(name: string, changes: Pick<VolumeRecord, 'content'>): void;
  remove(name: string): void;
}

export function createVolumeStore(database: DatabaseSync, transactions: Transactions): VolumeStore {
  const insert = database.prepare('INSERT INTO volumes (name, record) VALUES (?, ?)');
  const update = database.prepare('UPDATE volumes SET record = ? WHERE name = ?');
  const remove = database.prepare('DELETE FROM volumes WHERE name = ?');
  const records = new Map<string, VolumeRecord>();
  // Written by `add`, in a database that only the engine can write.
  for (const row of database.prepare('SELECT name, record FROM volumes').all())
    records.set(String(row['name']), JSON.parse(String(row['record'])) as VolumeRecord);

  const find = (name: string): VolumeRecord => {
    const record = records.get(name);
    if (record === undefined)
      throw new JockerError('not-found', `there is no volume ${name}`, { details: { reason: 'no-such-volume', reference: name } });
    return record;
  };
  return {
    find,
    get: (name) => records.get(name),
    list: () => [...records.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1)),
    add(record) {
      insert.run(record.name, JSON.stringify(record));
      transactions.afterCommit(() => void records.set(record.name, record));
    },
    change(name, changes) {
      const record = { ...find(name), ...changes };
      update.run(JSON.stringify(record), name);
      transactions.afterCommit(() => void records.set(name, record));
    },
    remove(name) {
      remove.run(name);
      transactions.afterCommit(() => void records.delete(name));
    },
  };
}
