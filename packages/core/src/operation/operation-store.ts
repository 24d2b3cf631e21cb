import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { OperationView } from '../engine/engine.ts';

/** The ended operations that a restart must not forget: failed ones and those of containers. */
export interface OperationStore {
  /** The newest `limit`, oldest first. */
  load(limit: number): readonly OperationView[];
  /** Adds these and drops all but the newest `limit`. */
  save(views: readonly OperationView[], limit: number): void;
  /** Operations that began and never ended: the engine was killed. */
  interrupted(): readonly { readonly id: string; readonly operation: string; readonly subject: string; readonly startedAt: string }[];
}

export function createOperationStore(database: DatabaseSync): OperationStore {
  const select = database.prepare('SELECT view FROM (SELECT * FROM operations ORDER BY started_at DESC LIMIT ?) ORDER BY started_at');
  const insert = database.prepare('INSERT OR REPLACE INTO operations (id, started_at, view) VALUES (?, ?, ?)');
  const trim = database.prepare('DELETE FROM operations WHERE id NOT IN (SELECT id FROM operations ORDER BY started_at DESC LIMIT ?)');
  const unfinished = database.prepare(
    `SELECT operation_id, max(name) AS name, time, event FROM events WHERE name LIKE 'operation:%'
     GROUP BY operation_id HAVING count(*) = 1 AND max(name) = 'operation:started' ORDER BY min(seq)`,
  );
  return {
    load: (limit) => select.all(limit).map((row) => parse<OperationView>(row['view'])),
    save(views, limit) {
      for (const view of views) insert.run(view.id, view.startedAt, JSON.stringify(view));
      trim.run(limit);
    },
    interrupted: () =>
      unfinished.all().map((row) => ({
        ...parse<{ operation: string; subject: string }>(row['event']),
        id: String(row['operation_id']),
        startedAt: String(row['time']),
      })),
  };
}

/** Only the engine writes this database. */
const parse = <T>(json: SQLOutputValue | undefined): T => JSON.parse(String(json)) as T;
