import type { SpecFieldOrigin } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';
import { formatOption, printList } from '../format/output-format.ts';

export const explain: CliCommand = {
  define: (command, run) =>
    formatOption(command)
      .argument('<container>')
      .argument('[path]', 'only what is at or below this field of config.json: /process/env')
      .action(
        run(async (context, container: string, path: string | undefined, { format }: { readonly format?: string }) => {
          const items = await context.client.containers.explain(container, path);
          printList(context, { format, items, titles: ['FIELD', 'VALUE', 'SET BY', 'PLUGIN'], row: originRow });
        }),
      ),
};

const longest = 60;

function originRow({ path, value, mutator, plugin }: SpecFieldOrigin): readonly string[] {
  const text = JSON.stringify(value);
  return [path, text.length > longest ? `${text.slice(0, longest)}…` : text, mutator, plugin];
}
