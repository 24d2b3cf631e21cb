import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openState } from './open-state.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-state-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('a second engine on the same data root is refused until the first has closed', async () => {
  const root = join(directory, 'locked');
  const first = await openState(root);
  await expect(openState(root)).rejects.toMatchObject({ code: 'failed-precondition', message: expect.stringContaining(root) as string });
  await first[Symbol.asyncDispose]();
  await (await openState(root))[Symbol.asyncDispose]();
});

test('the engine id stays the same for one data root and differs between two', async () => {
  const idOf = async (root: string): Promise<string> => {
    await using state = await openState(join(directory, root));
    return state.engineId;
  };
  const id = await idOf('one');
  expect(id).toMatch(/^[0-9a-f]{12}$/);
  expect([await idOf('one'), (await idOf('two')) === id]).toEqual([id, false]);
});

test('a state of a newer schema is refused and left as it is', async () => {
  const root = join(directory, 'newer');
  await (await openState(root))[Symbol.asyncDispose]();
  const database = new DatabaseSync(join(root, 'state.db'));
  database.exec('PRAGMA user_version = 99');
  database.close();
  await expect(openState(root)).rejects.toMatchObject({ code: 'failed-precondition', message: expect.stringContaining('newer') as string });
});

test('nobody but the owner can read its files, the log of writes among them', async () => {
  const root = join(directory, 'private');
  await using state = await openState(root);
  state.transaction(() => state.database.exec(`INSERT INTO meta VALUES ('secret', 'x')`));
  const names = await readdir(root);
  expect(names).toContain('state.db-wal');
  for (const name of names) expect([name, (await stat(join(root, name))).mode & 0o077]).toEqual([name, 0]);
});
