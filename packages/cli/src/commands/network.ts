import type { CliCommand } from '../command.ts';
import { shortId } from '../format/human.ts';
import { formatOption, printList } from '../format/output-format.ts';
import { parseNetworkFilters } from '../values/network-filters.ts';
import { parseLabels } from '../values/parse-key-values.ts';
import { confirmed } from '../terminal/confirmed.ts';
import { eachTarget } from './each-target.ts';

interface CreateNetworkFlags {
  readonly driver?: string;
  readonly subnet?: string;
  readonly gateway?: string;
  readonly ipRange?: string;
  readonly internal?: boolean;
  readonly label: readonly string[];
  readonly opt: readonly string[];
}

interface ListNetworksFlags {
  readonly format?: string;
  readonly quiet?: boolean;
  readonly trunc: boolean;
  readonly filter: readonly string[];
}

interface ConnectFlags {
  readonly alias: readonly string[];
  readonly ip?: string;
  readonly macAddress?: string;
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export const network: CliCommand = {
  define: (command, run) => {
    command
      .command('create')
      .description('make a network')
      .argument('<name>')
      .option('-d, --driver <name>', 'bridge, or one that a plugin brings')
      .option('--subnet <cidr>', 'its addresses (10.1.0.0/24)')
      .option('--gateway <address>', "this machine's address on it")
      .option('--ip-range <cidr>', 'where addresses are taken from')
      .option('--internal', 'reaches nothing outside of itself')
      .option('--label <k=v>', 'set a label', collect, [])
      .option('-o, --opt <k=v>', 'an option of the driver', collect, [])
      .action(
        run(async (context, name: string, flags: CreateNetworkFlags) => {
          const { subnet, gateway, ipRange: range } = flags;
          const own = Object.fromEntries(Object.entries({ subnet, gateway, range }).filter(([, value]) => value !== undefined));
          const { id } = await context.client.networks.create({
            name,
            ...(flags.driver === undefined ? {} : { driver: flags.driver }),
            ...(Object.keys(own).length === 0 ? {} : { subnets: [own] }),
            internal: flags.internal ?? false,
            labels: parseLabels(flags.label),
            options: parseLabels(flags.opt),
          });
          context.print(id);
        }),
      );
    formatOption(command.command('ls').alias('list').description('list networks'))
      .option('-q, --quiet', 'only ids')
      .option('--no-trunc', 'nothing shortened')
      .option('-f, --filter <key=value>', 'driver, id, label, name', collect, [])
      .action(
        run(async (context, { format, quiet, trunc, filter }: ListNetworksFlags) => {
          const isWanted = parseNetworkFilters(filter);
          printList(context, {
            format,
            quiet,
            items: (await context.client.networks.list()).filter(isWanted),
            id: ({ id }) => (trunc ? shortId(id) : id),
            titles: ['NETWORK ID', 'NAME', 'DRIVER', 'SCOPE'],
            row: ({ id, name, driver }) => [trunc ? shortId(id) : id, name, driver, 'local'],
          });
        }),
      );
    command
      .command('inspect')
      .description('show everything about networks')
      .argument('<network...>')
      .action(
        run(async (context, names: readonly string[]) => {
          context.print(JSON.stringify(await Promise.all(names.map((name) => context.client.networks.inspect(name))), undefined, 2));
        }),
      );
    command
      .command('rm')
      .alias('remove')
      .description('remove networks')
      .argument('<network...>')
      .action(run((context, names: readonly string[]) => eachTarget(context, names, (name) => context.client.networks.remove(name))));
    command
      .command('connect')
      .description('connect a container')
      .argument('<network>')
      .argument('<container>')
      .option('--alias <name>', 'one more name for it there', collect, [])
      .option('--ip <address>', 'its address there')
      .option('--mac-address <address>', 'its hardware address there')
      .action(
        run(async (context, name: string, container: string, { alias, ip, macAddress }: ConnectFlags) => {
          await context.client.networks.connect(name, container, {
            ...(alias.length === 0 ? {} : { aliases: alias }),
            ...(ip === undefined ? {} : { address: ip }),
            ...(macAddress === undefined ? {} : { macAddress }),
          });
        }),
      );
    command
      .command('disconnect')
      .description('take a container off a network')
      .argument('<network>')
      .argument('<container>')
      .action(run(async (context, name: string, container: string) => context.client.networks.disconnect(name, container)));
    command
      .command('prune')
      .description('remove networks that no container belongs to')
      .option('-f, --force', 'without asking')
      .action(
        run(async (context, { force = false }: { readonly force?: boolean }) => {
          if (!force && !(await confirmed('This removes all networks that no container belongs to. Go on? [y/N] '))) return;
          const { removed } = await context.client.networks.prune();
          for (const name of removed) context.print(name);
        }),
      );
  },
};
