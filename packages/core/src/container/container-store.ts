import type { DatabaseSync } from 'node:sqlite';
import { JockerError } from '../errors/jocker-error.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { OciSpec } from '../oci/runtime-spec.ts';
import type { BuiltSpec, SpecStep } from '../spec/spec-step.ts';
import type { Transactions } from '../state/transactions.ts';
import { parseContainerRecord, type ContainerRecord } from './container-record.ts';
import { assertTransition } from './container-state.ts';

/**
 * The records of containers: on disk, with an index in memory that follows each commit. What is written inside a
 * transaction is read after it.
 */
export interface ContainerStore {
  /** By id, name or an unambiguous prefix of the id. Throws `not-found`, or `invalid-argument` for an ambiguous prefix. */
  find(reference: string): ContainerRecord;
  get(id: string): ContainerRecord | undefined;
  byName(name: string): ContainerRecord | undefined;
  /** Whether something of that id is on disk, also a record that could not be read: its data must stay. */
  isKnown(id: string): boolean;
  /** Oldest first. */
  list(): readonly ContainerRecord[];
  /** Takes a name until it is released or a record has it. Throws `already-exists`. */
  reserveName(name: string, id: string): Disposable;
  isNameTaken(name: string): boolean;
  add(record: ContainerRecord, built: BuiltSpec): void;
  /** The record as it is now with `changes`; a change of status must be in the table. */
  change(id: string, changes: Partial<Omit<ContainerRecord, 'id' | 'name'>>): ContainerRecord;
  rename(id: string, name: string): ContainerRecord;
  /** Replaces the spec (an update of limits). */
  replaceSpec(id: string, spec: OciSpec): void;
  remove(id: string): void;
  spec(id: string): BuiltSpec;
}

/** Specs are read again by the start that follows a create; older ones come from the disk. */
const maxCachedSpecs = 8;

export function createContainerStore(database: DatabaseSync, transactions: Transactions, log: Logger): ContainerStore {
  const insert = database.prepare('INSERT INTO containers (id, name, status, record) VALUES (?, ?, ?, ?)');
  const insertSpec = database.prepare('INSERT INTO container_specs (id, spec, steps) VALUES (?, ?, ?)');
  const update = database.prepare('UPDATE containers SET name = ?, status = ?, record = ? WHERE id = ?');
  const updateSpec = database.prepare('UPDATE container_specs SET spec = ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM containers WHERE id = ?');
  const selectSpec = database.prepare('SELECT spec, steps FROM container_specs WHERE id = ?');

  const records = new Map<string, ContainerRecord>();
  const unreadable = new Set<string>();
  const names = new Map<string, string>();
  const specs = new Map<string, BuiltSpec>();

  for (const row of database.prepare('SELECT id, name, record FROM containers').all()) {
    const { id, name } = { id: String(row['id']), name: String(row['name']) };
    try {
      records.set(id, parseContainerRecord(String(row['record'])));
    } catch (error) {
      unreadable.add(id);
      log.error('the record of a container cannot be read; it is left as it is', { id, name, error: String(error) });
    }
    names.set(name, id);
  }

  const get = (id: string): ContainerRecord => {
    const record = records.get(id);
    if (record === undefined) throw noSuchContainer(id);
    return record;
  };
  const write = (record: ContainerRecord): ContainerRecord => {
    update.run(record.name, record.status, JSON.stringify(record), record.id);
    transactions.afterCommit(() => {
      const before = records.get(record.id);
      if (before !== undefined && before.name !== record.name) names.delete(before.name);
      records.set(record.id, record);
      names.set(record.name, record.id);
    });
    return record;
  };
  const cache = (id: string, built: BuiltSpec): void => {
    specs.set(id, built);
    const [oldest] = specs.keys();
    if (specs.size > maxCachedSpecs && oldest !== undefined) specs.delete(oldest);
  };

  return {
    find(reference) {
      const exact = records.get(reference) ?? records.get(names.get(reference.replace(/^\//, '')) ?? '');
      if (exact !== undefined) return exact;
      const matching = /^[0-9a-f]{1,63}$/.test(reference) ? [...records.values()].filter(({ id }) => id.startsWith(reference)) : [];
      const [only] = matching;
      if (only === undefined) throw noSuchContainer(reference);
      if (matching.length > 1)
        throw new JockerError('invalid-argument', `${reference} is the beginning of ${matching.length} container ids`);
      return only;
    },
    get: (id) => records.get(id),
    isKnown: (id) => records.has(id) || unreadable.has(id),
    byName: (name) => records.get(names.get(name) ?? ''),
    list: () => [...records.values()].toSorted((left, right) => (left.createdAt < right.createdAt ? -1 : 1)),
    reserveName(name, id) {
      const owner = names.get(name);
      if (owner !== undefined) {
        throw new JockerError('already-exists', `the name ${name} is used by container ${owner.slice(0, 12)}`, {
          details: { reason: 'name-in-use', containerId: owner, name },
        });
      }
      names.set(name, id);
      return {
        [Symbol.dispose](): void {
          if (names.get(name) === id && records.get(id)?.name !== name) names.delete(name);
        },
      };
    },
    isNameTaken: (name) => names.has(name),
    add(record, built) {
      insert.run(record.id, record.name, record.status, JSON.stringify(record));
      insertSpec.run(record.id, JSON.stringify(built.spec), JSON.stringify(built.steps));
      transactions.afterCommit(() => {
        records.set(record.id, record);
        names.set(record.name, record.id);
        cache(record.id, built);
      });
    },
    change(id, changes) {
      const before = get(id);
      if (changes.status !== undefined && changes.status !== before.status) assertTransition(before.name, before.status, changes.status);
      return write({ ...before, ...changes });
    },
    rename: (id, name) => write({ ...get(id), name }),
    replaceSpec(id, spec) {
      updateSpec.run(JSON.stringify(spec), id);
      transactions.afterCommit(() => void specs.delete(id));
    },
    remove(id) {
      remove.run(id);
      transactions.afterCommit(() => {
        const record = records.get(id);
        records.delete(id);
        specs.delete(id);
        if (record !== undefined && names.get(record.name) === id) names.delete(record.name);
      });
    },
    spec(id) {
      const cached = specs.get(id);
      if (cached !== undefined) return cached;
      const row = selectSpec.get(id);
      if (row === undefined) throw noSuchContainer(id);
      // Written by `add` and `replaceSpec`, in a database that only the engine can write.
      const built: BuiltSpec = { spec: JSON.parse(String(row['spec'])) as OciSpec, steps: JSON.parse(String(row['steps'])) as SpecStep[] };
      cache(id, built);
      return built;
    },
  };
}

function noSuchContainer(reference: string): JockerError {
  return new JockerError('not-found', `there is no container ${reference}`, { details: { reason: 'no-such-container', reference } });
}
