import type { CliCommand } from '../command.ts';
import { refuseTerminal, writeStream } from '../values/stream-files.ts';

export const exportContainer: CliCommand = {
  define: (command, run) =>
    command
      .argument('<container>')
      .option('-o, --output <file>', 'instead of stdout')
      .action(
        run(async (context, container: string, { output }: { readonly output?: string }) => {
          refuseTerminal(output);
          await writeStream(await context.client.containers.export(container), output);
        }),
      ),
};
