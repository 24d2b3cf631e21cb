import { Option } from 'commander';
import type { ContainerView } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';
import { containerStatus } from '../format/container-status.ts';
import { publishedPorts } from '../format/published-ports.ts';
import { familiarReference } from '../format/familiar-reference.ts';
import { ago, shortId, truncated } from '../format/human.ts';
import { formatOption, printList } from '../format/output-format.ts';
import { parseContainerFilters } from '../values/container-filters.ts';
import { parseWhole } from '../values/parse-number.ts';

interface PsFlags {
  readonly all?: boolean;
  readonly quiet?: boolean;
  readonly trunc: boolean;
  readonly filter: readonly string[];
  readonly last?: string;
  readonly latest?: boolean;
  readonly format?: string;
}

const commandWidth = 20;

export const ps: CliCommand = {
  define: (command, run) =>
    formatOption(command)
      .option('-a, --all', 'also those that do not run')
      .option('-q, --quiet', 'only ids')
      .option('--no-trunc', 'nothing shortened')
      .addOption(
        new Option('-f, --filter <key=value>', 'ancestor, exited, id, label, name, network, status')
          .argParser((value: string, before: readonly string[]) => [...before, value])
          .default([], ''),
      )
      .option('-n, --last <number>', 'the newest so many, in any state')
      .option('-l, --latest', 'the newest, in any state')
      .action(
        run(async (context, { all, quiet, trunc, filter, last, latest, format }: PsFlags) => {
          const matches = parseContainerFilters(filter);
          const newest = latest === true ? 1 : last === undefined ? undefined : parseWhole('--last', last);
          const anyState = all === true || newest !== undefined || filter.some((text) => /^(status|exited)=/.test(text));
          const items = (await context.client.containers.list())
            .filter(
              (view) =>
                (anyState || view.status === 'running' || view.status === 'paused' || view.status === 'restarting') && matches(view),
            )
            .toSorted((one, other) => other.createdAt.localeCompare(one.createdAt))
            .slice(0, newest);
          const id = (view: ContainerView): string => (trunc ? shortId(view.id) : view.id);
          printList(context, {
            format,
            quiet,
            items,
            id,
            titles: ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'],
            row: (view) => [
              id(view),
              familiarReference(view.image),
              `"${trunc ? truncated(view.command.join(' '), commandWidth) : view.command.join(' ')}"`,
              ago(view.createdAt),
              containerStatus(view),
              publishedPorts(view),
              view.name,
            ],
          });
        }),
      ),
};
