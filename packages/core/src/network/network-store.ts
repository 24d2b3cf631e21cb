import type { DatabaseSync } from 'node:sqlite';
import { JockerError } from '../errors/jocker-error.ts';
import type { Transactions } from '../state/transactions.ts';
import type { NetworkRecord } from './network-record.ts';

/** The records of networks: on disk, with an index in memory that follows each commit. */
export interface NetworkStore {
  /** By id, name or an unambiguous prefix of the id. Throws `not-found`, or `invalid-argument` for an ambiguous prefix. */
  find(reference: string): NetworkRecord;
  get(id: string): NetworkRecord | undefined;
  byName(name: string): NetworkRecord | undefined;
  /** Oldest first. */
  list(): readonly NetworkRecord[];
  add(record: NetworkRecord): void;
  remove(id: string): void;
}

export function createNetworkStore(database: DatabaseSync, transactions: Transactions): NetworkStore {
  const insert = database.prepare('INSERT INTO networks (id, name, record) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM networks WHERE id = ?');
  const records = new Map<string, NetworkRecord>();
  // Written by `add`, in a database that only the engine can write.
  for (const row of database.prepare('SELECT id, record FROM networks').all())
    records.set(String(row['id']), JSON.parse(String(row['record'])) as NetworkRecord);

  const byName = (name: string): NetworkRecord | undefined => [...records.values()].find((record) => record.name === name);
  return {
    find(reference) {
      const exact = records.get(reference) ?? byName(reference);
      if (exact !== undefined) return exact;
      const matching = /^[0-9a-f]{1,63}$/.test(reference) ? [...records.values()].filter(({ id }) => id.startsWith(reference)) : [];
      const [only] = matching;
      if (only === undefined)
        throw new JockerError('not-found', `there is no network ${reference}`, { details: { reason: 'no-such-network', reference } });
      if (matching.length > 1) throw new JockerError('invalid-argument', `${reference} is the beginning of ${matching.length} network ids`);
      return only;
    },
    get: (id) => records.get(id),
    byName,
    list: () => [...records.values()].toSorted((left, right) => (left.createdAt < right.createdAt ? -1 : 1)),
    add(record) {
      insert.run(record.id, record.name, JSON.stringify(record));
      transactions.afterCommit(() => void records.set(record.id, record));
    },
    remove(id) {
      remove.run(id);
      transactions.afterCommit(() => void records.delete(id));
    },
  };
}
