import type { DatabaseSync } from 'node:sqlite';
import { JockerError } from '../errors/jocker-error.ts';

/** Entry n brings a database of version n to version n + 1. Entries are only ever added. */
const migrations: readonly string[] = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

   CREATE TABLE events (
     seq INTEGER PRIMARY KEY,
     time TEXT NOT NULL,
     name TEXT NOT NULL,
     operation_id TEXT,
     event TEXT NOT NULL
   );
   CREATE INDEX events_by_time ON events (time);
   CREATE INDEX events_of_operations ON events (operation_id) WHERE name LIKE 'operation:%';
   CREATE INDEX events_of_execs ON events (name) WHERE name LIKE 'exec:%';

   CREATE TABLE intents (id TEXT NOT NULL, kind TEXT NOT NULL, what TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;

   CREATE TABLE containers (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     status TEXT NOT NULL,
     record TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE container_specs (
     id TEXT PRIMARY KEY REFERENCES containers (id) ON DELETE CASCADE,
     spec TEXT NOT NULL,
     steps TEXT NOT NULL
   ) WITHOUT ROWID;

   CREATE TABLE operations (id TEXT PRIMARY KEY, started_at TEXT NOT NULL, view TEXT NOT NULL) WITHOUT ROWID;`,

  `CREATE TABLE images (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE image_references (
     reference TEXT PRIMARY KEY,
     image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE
   ) WITHOUT ROWID;`,

  `CREATE TABLE networks (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, record TEXT NOT NULL) WITHOUT ROWID;
   UPDATE containers SET record = json_set(record, '$.networks', json('[]'), '$.endpoints', json('[]'));`,

  `CREATE TABLE volumes (name TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;`,

  `UPDATE containers SET record = json_set(record, '$.health', NULL);`,
];

export function applySchema(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > migrations.length) {
    throw new JockerError(
      'failed-precondition',
      `the state was written by a newer engine (schema ${version}, this one knows ${migrations.length})`,
    );
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${migration} PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
