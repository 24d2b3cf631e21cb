import type { CliCommand } from '../command.ts';
import { readStream } from '../values/stream-files.ts';

export const load: CliCommand = {
  define: (command, run) =>
    command
      .option('-i, --input <file>', 'instead of stdin')
      .option('-q, --quiet', 'print nothing')
      .action(
        run(async (context, { input, quiet }: { readonly input?: string; readonly quiet?: boolean }) => {
          const loaded = await context.client.images.load(await readStream(input));
          if (quiet === true) return;
          for (const { imageId, references } of loaded) {
            for (const reference of references) context.print(`Loaded image: ${reference}`);
            if (references.length === 0) context.print(`Loaded image ID: ${imageId}`);
          }
        }),
      ),
};
