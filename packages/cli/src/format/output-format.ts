import { Option, type Command } from 'commander';
import type { CliContext } from '../command.ts';
import { table } from './table.ts';

/** Adds `--format`, for everything that lists or inspects. */
export function formatOption(command: Command): Command {
  return command.addOption(new Option('--format <format>', 'a table, or one JSON object per line').choices(['table', 'json']));
}

export interface ListOutput<T> {
  readonly format?: string | undefined;
  readonly quiet?: boolean | undefined;
  readonly items: readonly T[];
  readonly titles: readonly string[];
  readonly row: (item: T) => readonly string[];
  /** What `-q` prints of each. */
  readonly id?: (item: T) => string;
}

/** A list as a table, as JSON (the engine's own view of each, one per line), or as ids alone. */
export function printList<T>(context: CliContext, { format, quiet, items, titles, row, id }: ListOutput<T>): void {
  if (quiet === true && id !== undefined) for (const item of items) context.print(id(item));
  else if (format === 'json') for (const item of items) context.print(JSON.stringify(item));
  else for (const line of table(titles, items.map(row))) context.print(line);
}
