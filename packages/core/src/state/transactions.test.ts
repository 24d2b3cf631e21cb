import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { createTransactions } from './transactions.ts';

function setUp() {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE notes (text TEXT)');
  let released = 0;
  const transactions = createTransactions(database, { release: () => (released += 1) <= 3, restore: () => Promise.resolve() });
  const insert = database.prepare('INSERT INTO notes VALUES (?)');
  return {
    ...transactions,
    database,
    write: (text: string) => insert.run(text),
    notes: () =>
      database
        .prepare('SELECT text FROM notes')
        .all()
        .map((row) => row['text']),
    released: () => released,
  };
}

test('nothing of a transaction that throws stays', () => {
  const { transaction, write, notes } = setUp();
  expect(() =>
    transaction(() => {
      write('a');
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(notes()).toEqual([]);
});

test('an inner transaction that throws takes the outer one with it', () => {
  const { transaction, write, notes } = setUp();
  expect(() =>
    transaction(() => {
      write('a');
      transaction(() => {
        throw new Error('no');
      });
    }),
  ).toThrow('no');
  expect(notes()).toEqual([]);
});

test('a callback after the commit may start a transaction, and its failure undoes nothing', () => {
  const { transaction, afterCommit, write, notes } = setUp();
  expect(() =>
    transaction(() => {
      write('a');
      afterCommit(() => {
        transaction(() => write('b'));
        throw new Error('late');
      });
    }),
  ).toThrow('late');
  expect(notes()).toEqual(['a', 'b']);
});

test('on a full disk the reserve is released for urgent work, which is tried once more', () => {
  const { transaction, write, notes, released, database } = setUp();
  const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
  database.exec(`PRAGMA max_page_count = ${pages}`);
  let attempts = 0;
  transaction(
    () => {
      attempts += 1;
      write(attempts === 1 ? 'x'.repeat(100_000) : 'small');
    },
    { urgent: true },
  );
  expect([attempts, released(), notes()]).toEqual([2, 1, ['small']]);
});

test.each([true, false])('a disk that stays full is one clear error, and only urgent work (%s) takes the reserve, to its end', (urgent) => {
  const { transaction, write, database, released } = setUp();
  const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
  database.exec(`PRAGMA max_page_count = ${pages}`);
  expect(() => transaction(() => write('x'.repeat(100_000)), { urgent })).toThrow(
    expect.objectContaining({ code: 'resource-exhausted' }) as Error,
  );
  expect(released()).toBe(urgent ? 4 : 0);
});

test('what was changed in memory is undone with a rolled back transaction, newest first, and kept with a committed one', () => {
  const { transaction, afterRollback } = setUp();
  const undone: string[] = [];
  transaction(() => afterRollback(() => undone.push('committed')));
  expect(() =>
    transaction(() => {
      afterRollback(() => undone.push('first'));
      afterRollback(() => undone.push('second'));
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(undone).toEqual(['second', 'first']);
});
