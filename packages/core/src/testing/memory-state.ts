import { DatabaseSync } from 'node:sqlite';
import type { Logger } from '../operation/operation-context.ts';
import { applySchema } from '../state/schema.ts';
import { createTransactions, type Transactions } from '../state/transactions.ts';

/** A state database that lives as long as the test. */
export function memoryState(): Transactions & { readonly database: DatabaseSync } {
  const database = new DatabaseSync(':memory:');
  applySchema(database);
  return { database, ...createTransactions(database, { release: () => false, restore: () => Promise.resolve() }) };
}

/** Keeps what was logged. */
export function recordingLogger(): Logger & { readonly lines: readonly { level: string; message: string; fields: unknown }[] } {
  const lines: { level: string; message: string; fields: unknown }[] = [];
  const at =
    (level: string) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      lines.push({ level, message, fields });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
