import type { DatabaseSync } from 'node:sqlite';

/** What is about to be made outside of the database, written down before, so that a crash leaves nothing unknown. */
export interface Intents {
  begin(kind: IntentKind, id: string, what?: Readonly<Record<string, string>>): void;
  end(kind: IntentKind, id: string): void;
  list(): readonly { readonly kind: IntentKind; readonly id: string; readonly what: Readonly<Record<string, string>> }[];
}

/** `container`: a snapshot (of `what.snapshotter`) and a folder for a container that has no record yet. */
export type IntentKind = 'container';

export function createIntents(database: DatabaseSync): Intents {
  const insert = database.prepare('INSERT INTO intents (kind, id, what) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM intents WHERE kind = ? AND id = ?');
  const select = database.prepare('SELECT kind, id, what FROM intents');
  return {
    begin: (kind, id, what = {}) => void insert.run(kind, id, JSON.stringify(what)),
    end: (kind, id) => void remove.run(kind, id),
    list: () =>
      select.all().map((row) => ({
        kind: row['kind'] as IntentKind,
        id: String(row['id']),
        what: JSON.parse(String(row['what'])) as Readonly<Record<string, string>>,
      })),
  };
}
