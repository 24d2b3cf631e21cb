import type { CliCommand } from '../command.ts';
import { absoluteReference } from '../values/absolute-reference.ts';

export const rmi: CliCommand = {
  define: (command, run) =>
    command
      .argument('<image...>')
      .option('-f, --force', 'also when a stopped container uses it')
      .option('--no-prune', 'keep parents without a name')
      .action(
        run(async (context, names: readonly string[], flags: { readonly force?: boolean; readonly prune: boolean }) => {
          let failed = false;
          // One after another: two names may be one image's.
          for (const name of names) {
            try {
              const { untagged, deleted } = await context.client.images.remove(absoluteReference(name), flags);
              for (const reference of untagged) context.print(`Untagged: ${reference}`);
              for (const id of deleted) context.print(`Deleted: ${id}`);
            } catch (error) {
              failed = true;
              context.warn(`jocker: ${(error as Error).message}`);
            }
          }
          return failed ? 1 : 0;
        }),
      ),
};
