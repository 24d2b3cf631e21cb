import type { CliCommand } from '../command.ts';
import { decimalSize } from '../format/human.ts';
import { formatOption, printList } from '../format/output-format.ts';
import { confirmed } from '../terminal/confirmed.ts';
import { parseLabels } from '../values/parse-key-values.ts';
import { eachTarget } from './each-target.ts';

interface CreateVolumeFlags {
  readonly driver?: string;
  readonly label: readonly string[];
  readonly opt: readonly string[];
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export const volume: CliCommand = {
  define: (command, run) => {
    command
      .command('create')
      .description('make a volume')
      .argument('[name]')
      .option('-d, --driver <name>', 'local, or one that a plugin brings')
      .option('--label <k=v>', 'set a label', collect, [])
      .option('-o, --opt <k=v>', 'an option of the driver (type, device, o)', collect, [])
      .action(
        run(async (context, name: string | undefined, { driver, label, opt }: CreateVolumeFlags) => {
          const made = await context.client.volumes.create({
            ...(name === undefined ? {} : { name }),
            ...(driver === undefined ? {} : { driver }),
            labels: parseLabels(label),
            options: parseLabels(opt),
          });
          context.print(made.name);
        }),
      );
    formatOption(command.command('ls').alias('list').description('list volumes'))
      .option('-q, --quiet', 'only names')
      .action(
        run(async (context, { format, quiet }: { readonly format?: string; readonly quiet?: boolean }) => {
          printList(context, {
            format,
            quiet,
            items: await context.client.volumes.list(),
            id: ({ name }) => name,
            titles: ['DRIVER', 'VOLUME NAME', 'USED BY'],
            row: ({ driver, name, usedBy }) => [driver, name, usedBy.map((user) => user.name).join(', ')],
          });
        }),
      );
    command
      .command('inspect')
      .description('show everything about volumes')
      .argument('<volume...>')
      .action(
        run(async (context, names: readonly string[]) => {
          context.print(JSON.stringify(await Promise.all(names.map((name) => context.client.volumes.inspect(name))), undefined, 2));
        }),
      );
    command
      .command('rm')
      .alias('remove')
      .description('remove volumes')
      .argument('<volume...>')
      .action(run((context, names: readonly string[]) => eachTarget(context, names, (name) => context.client.volumes.remove(name))));
    command
      .command('prune')
      .description('remove volumes that no container has and nobody named')
      .option('-a, --all', 'also those with a name')
      .option('-f, --force', 'without asking')
      .action(
        run(async (context, { all = false, force = false }: { readonly all?: boolean; readonly force?: boolean }) => {
          const what = `all volumes that no container has${all ? '' : ' and nobody named'}`;
          if (!force && !(await confirmed(`This removes ${what}. Go on? [y/N] `))) return;
          const { removed, reclaimedBytes } = await context.client.volumes.prune({ all });
          for (const name of removed) context.print(name);
          context.print(`Total reclaimed space: ${decimalSize(reclaimedBytes)}`);
        }),
      );
  },
};
