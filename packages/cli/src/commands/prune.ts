import type { CliCommand } from '../command.ts';
import { decimalSize } from '../format/human.ts';
import { confirmed } from '../terminal/confirmed.ts';

interface PruneFlags {
  readonly all?: boolean;
  readonly force?: boolean;
}

export const prune: CliCommand = {
  define: (command, run) =>
    command
      .option('-a, --all', 'all images that no container uses, not only those without a name')
      .option('-f, --force', 'without asking')
      .action(
        run(async (context, { all = false, force = false }: PruneFlags) => {
          const what = `all stopped containers and all images that ${all ? 'no container uses' : 'have no name'}`;
          if (!force && !(await confirmed(`This removes ${what}. Go on? [y/N] `))) return;
          const { removed, reclaimedBytes } = await context.client.containers.prune();
          const pruned = await context.client.images.prune({ danglingOnly: !all });
          for (const id of removed) context.print(`Removed: ${id}`);
          for (const reference of pruned.untagged) context.print(`Untagged: ${reference}`);
          for (const id of pruned.deleted) context.print(`Deleted: ${id}`);
          context.print(`Total reclaimed space: ${decimalSize(reclaimedBytes + pruned.reclaimedBytes)}`);
        }),
      ),
};
