import type { CliCommand } from '../command.ts';
import { absoluteReference } from '../values/absolute-reference.ts';
import { refuseTerminal, writeStream } from '../values/stream-files.ts';

export const save: CliCommand = {
  define: (command, run) =>
    command
      .argument('<image...>')
      .option('-o, --output <file>', 'instead of stdout')
      .action(
        run(async (context, names: readonly string[], { output }: { readonly output?: string }) => {
          refuseTerminal(output);
          await writeStream(await context.client.images.save(names.map((name) => absoluteReference(name))), output);
        }),
      ),
};
