import { Option } from 'commander';
import type { CliCommand } from '../command.ts';
import { readStream } from '../values/stream-files.ts';

interface ImportFlags {
  readonly change: readonly string[];
  readonly message?: string;
  readonly platform?: string;
}

export const importImage: CliCommand = {
  define: (command, run) =>
    command
      .argument('<file>', 'a tar, or - for stdin')
      .argument('[reference]', 'its name')
      .addOption(
        new Option('-c, --change <instruction>', 'such as CMD ["sh"]')
          .argParser((value: string, before: readonly string[]) => [...before, value])
          .default([], ''),
      )
      .option('-m, --message <text>', 'a comment')
      .option('--platform <os/arch>', 'what it runs on')
      .action(
        run(async (context, file: string, reference: string | undefined, { change, ...rest }: ImportFlags) => {
          const archive = await readStream(file);
          const { imageId } = await context.client.images.import(archive, {
            ...(reference === undefined ? {} : { reference }),
            ...rest,
            changes: change,
          });
          context.print(imageId);
        }),
      ),
};
