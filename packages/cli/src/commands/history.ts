import type { CliCommand } from '../command.ts';
import { ago, decimalSize, shortId, truncated } from '../format/human.ts';
import { formatOption, printList } from '../format/output-format.ts';
import { absoluteReference } from '../values/absolute-reference.ts';

interface HistoryFlags {
  readonly quiet?: boolean;
  readonly trunc: boolean;
  readonly format?: string;
}

const createdByWidth = 45;

export const history: CliCommand = {
  define: (command, run) =>
    formatOption(command)
      .argument('<image>')
      .option('-q, --quiet', 'only ids')
      .option('--no-trunc', 'nothing shortened')
      .action(
        run(async (context, image: string, { quiet, trunc, format }: HistoryFlags) => {
          const items = await context.client.images.history(absoluteReference(image));
          const idOf = (imageId: string | null): string => (imageId === null ? '<missing>' : trunc ? shortId(imageId) : imageId);
          printList(context, {
            format,
            quiet,
            items,
            id: (entry) => idOf(entry.imageId),
            titles: ['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'],
            row: (entry) => [
              idOf(entry.imageId),
              entry.created === undefined ? '' : ago(entry.created),
              trunc ? truncated(entry.createdBy ?? '', createdByWidth) : (entry.createdBy ?? ''),
              decimalSize(entry.sizeBytes),
              entry.comment ?? '',
            ],
          });
        }),
      ),
};
