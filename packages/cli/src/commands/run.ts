import { isJockerError, JockerError } from '@jocker/protocol';
import type { CliCommand, CliContext } from '../command.ts';
import { runSession, terminalSize } from '../terminal/run-session.ts';
import { addCreateOptions, createRequestOf, type CreateFlags } from '../values/create-options.ts';
import { createContainer } from './create-container.ts';

type RunFlags = CreateFlags & { readonly detach?: boolean; readonly dryRun?: boolean };

export const run: CliCommand = {
  failureCode: 125,
  define: (command, action) =>
    addCreateOptions(command)
      .option('-d, --detach', 'leave it running and print its id')
      .option('--dry-run', 'print its config.json and what each mutator changed, and create nothing')
      .action(
        action(async (context, image: string, words: readonly string[], flags: RunFlags) => {
          if (flags.dryRun === true) return printDryRun(context, image, words, flags);
          if (flags.detach === true) return runDetached(context, image, words, flags);
          requireTerminal(flags);
          return runAttached(context, image, words, flags);
        }),
      ),
};

/** A program that expects a terminal behaves oddly on a pipe; docker refuses that too. */
export function requireTerminal({ interactive, tty }: { readonly interactive?: boolean; readonly tty?: boolean }): void {
  if (interactive === true && tty === true && !process.stdin.isTTY)
    throw new JockerError('invalid-argument', 'the input device is not a TTY');
}

async function printDryRun(context: CliContext, image: string, words: readonly string[], flags: RunFlags): Promise<void> {
  const { spec, steps } = await context.client.containers.dryRun(await createRequestOf(image, words, flags, context.env));
  context.print(JSON.stringify({ spec, steps }, null, 4));
}

async function runDetached(context: CliContext, image: string, words: readonly string[], flags: RunFlags): Promise<void> {
  const { id } = await createContainer(context, image, words, flags);
  await startOrRemove(context, id);
  context.print(id);
}

async function runAttached(context: CliContext, image: string, words: readonly string[], flags: RunFlags): Promise<number> {
  const { tty = false, interactive = false, detachKeys } = flags;
  const size = terminalSize();
  const { id } = await createContainer(context, image, words, flags, {
    stdinOnce: interactive,
    attach: { stdin: interactive, stdout: true, stderr: true },
    ...(tty && size !== undefined ? { consoleSize: size } : {}),
  });
  await using session = await context.client.containers.attach(id, { stdin: interactive });
  await startOrRemove(context, id);
  const kill = (signal: NodeJS.Signals): Promise<void> => context.client.containers.kill(id, signal);
  const end = await runSession(session, { tty, interactive, detachKeys, kill });
  if (end === 'detached') return 0;
  // With `--rm` its name is free again when this program ends.
  if (flags.rm === true) await context.client.containers.wait(id, { condition: 'removed' }).catch(unlessNotFound);
  return end.exitCode;
}

function unlessNotFound(error: unknown): void {
  if (!isJockerError(error, 'not-found')) throw error;
}

/** A container that cannot be started was of use to nobody. */
async function startOrRemove({ client }: CliContext, id: string): Promise<void> {
  try {
    await client.containers.start(id);
  } catch (error) {
    await client.containers.remove(id, { force: true }).catch(unlessNotFound);
    throw error;
  }
}
