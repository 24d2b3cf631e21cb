#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import type { CliContext, RunAction } from './command.ts';
import { commandTable } from './command-table.ts';
import { createCliContext } from './cli-context.ts';
import { exitCodeOf } from './exit-code.ts';

const usageExitCode = 125;

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('jocker')
    .description('A container engine.')
    .option('-H, --host <url>', 'the daemon: unix:///path/to.sock (or JOCKER_HOST)')
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .enablePositionalOptions()
    .exitOverride()
    .helpCommand(false);
  let exitCode = 0;
  let failureCode = 1;
  let context: CliContext | undefined;
  const run: RunAction =
    (action) =>
    async (...parameters) => {
      context = createCliContext(program.opts<{ host?: string }>().host, process.env);
      exitCode = (await action(context, ...parameters)) ?? 0;
    };

  const asked = commandName(argv);
  for (const [name, entry] of Object.entries(commandTable)) {
    if (asked !== undefined && name !== asked) continue;
    const command = program.command(name).description(entry.summary).exitOverride();
    if (name !== asked) continue;
    const loaded = await entry.load();
    failureCode = loaded.failureCode ?? 1;
    loaded.define(command, run);
    for (const nested of command.commands) nested.exitOverride();
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode;
    process.stderr.write(`jocker: ${error instanceof Error ? error.message : String(error)}\n`);
    return exitCodeOf(error, failureCode);
  } finally {
    context?.[Symbol.dispose]();
  }
}

/** The first word that is no option of the program itself; undefined when it is no command (help lists them all then). */
function commandName(argv: readonly string[]): string | undefined {
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] as string;
    if (word === '-H' || word === '--host') index += 1;
    else if (!word.startsWith('-')) return Object.hasOwn(commandTable, word) ? word : undefined;
  }
  return undefined;
}

// A reader that has seen enough (`jocker logs | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const exitCode = await main(process.argv.slice(2));
// Not left to the event loop: a terminal that was read, or a connection kept for a next call, would hold the program.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
