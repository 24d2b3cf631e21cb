import type { CliCommand } from '../command.ts';
import { formatOption, printList } from '../format/output-format.ts';

export const plugins: CliCommand = {
  define: (command, run) =>
    formatOption(command).action(
      run(async (context, { format }: { readonly format?: string }) => {
        const { plugins: items } = await context.client.system.info();
        printList(context, {
          format,
          items,
          titles: ['NAME', 'VERSION', 'BUILT IN', 'STATE', 'PROVIDES'],
          row: ({ name, version, builtIn, state, error, provides }) => [
            name,
            version,
            builtIn ? 'yes' : 'no',
            state,
            error ?? provides.map((provided) => `${provided.point}:${provided.name}`).join(', '),
          ],
        });
      }),
    ),
};
