import type { CliCommand } from '../command.ts';
import { formatOption } from '../format/output-format.ts';
import { table } from '../format/table.ts';

export const top: CliCommand = {
  define: (command, run) =>
    formatOption(command)
      .argument('<container>')
      .argument('[ps-options...]', 'as for ps(1)')
      .passThroughOptions()
      .action(
        run(async (context, container: string, psOptions: readonly string[], { format }: { readonly format?: string }) => {
          const { titles, processes } = await context.client.containers.top(
            container,
            psOptions.length === 0 ? undefined : psOptions.join(' '),
          );
          if (format !== 'json') for (const line of table(titles, processes)) context.print(line);
          else {
            for (const process of processes) {
              context.print(JSON.stringify(Object.fromEntries(titles.map((title, column) => [title, process[column] ?? '']))));
            }
          }
        }),
      ),
};
