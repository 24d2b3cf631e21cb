import { Option } from 'commander';
import { isJockerError, JockerError } from '@jocker/protocol';
import type { CliCommand, CliContext } from '../command.ts';
import { absoluteReference } from '../values/absolute-reference.ts';

interface InspectFlags {
  readonly type?: 'container' | 'image';
  readonly format?: 'json';
}

export const inspect: CliCommand = {
  define: (command, run) =>
    command
      .argument('<name...>', 'containers or images')
      .addOption(new Option('--type <type>', 'only these').choices(['container', 'image']))
      .addOption(new Option('--format <format>', 'one JSON object per line').choices(['json']))
      .action(
        run(async (context, names: readonly string[], { type, format }: InspectFlags) => {
          const found: unknown[] = [];
          let failed = false;
          for (const name of names) {
            try {
              found.push(await inspectOne(context, name, type));
            } catch (error) {
              failed = true;
              context.warn(`jocker: ${(error as Error).message}`);
            }
          }
          if (format === 'json') for (const object of found) context.print(JSON.stringify(object));
          else context.print(JSON.stringify(found, null, 4));
          return failed ? 1 : 0;
        }),
      ),
};

async function inspectOne({ client }: CliContext, name: string, type: InspectFlags['type']): Promise<unknown> {
  try {
    if (type !== 'image') return await client.containers.inspect(name);
  } catch (error) {
    if (type === 'container' || !(isJockerError(error, 'not-found') || isJockerError(error, 'invalid-argument'))) throw error;
  }
  try {
    return await client.images.inspect(absoluteReference(name));
  } catch (error) {
    if (type === 'image' || !isJockerError(error, 'not-found')) throw error;
    throw new JockerError('not-found', `there is no container and no image ${name}`, { cause: error });
  }
}
