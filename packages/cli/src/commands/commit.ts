import { Option } from 'commander';
import type { CliCommand } from '../command.ts';

interface CommitFlags {
  readonly author?: string;
  readonly message?: string;
  readonly change: readonly string[];
  readonly pause: boolean;
}

export const commit: CliCommand = {
  define: (command, run) =>
    command
      .argument('<container>')
      .argument('[reference]', 'its name')
      .option('-a, --author <name>', 'who made it')
      .option('-m, --message <text>', 'a comment')
      .addOption(
        new Option('-c, --change <instruction>', 'such as CMD ["sh"]')
          .argParser((value: string, before: readonly string[]) => [...before, value])
          .default([], ''),
      )
      .option('--no-pause', 'let it run meanwhile')
      .action(
        run(async (context, container: string, reference: string | undefined, { change, ...rest }: CommitFlags) => {
          const { imageId } = await context.client.containers.commit(container, {
            ...rest,
            ...(reference === undefined ? {} : { reference }),
            changes: change,
          });
          context.print(imageId);
        }),
      ),
};
