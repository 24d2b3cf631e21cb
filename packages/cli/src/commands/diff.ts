import type { CliCommand } from '../command.ts';
import { formatOption } from '../format/output-format.ts';

const letters = { modified: 'C', added: 'A', deleted: 'D' } as const;

export const diff: CliCommand = {
  define: (command, run) =>
    formatOption(command)
      .argument('<container>')
      .action(
        run(async (context, container: string, { format }: { readonly format?: string }) => {
          for (const change of await context.client.containers.changes(container)) {
            context.print(format === 'json' ? JSON.stringify(change) : `${letters[change.kind]} ${change.path}`);
          }
        }),
      ),
};
