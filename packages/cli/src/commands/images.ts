import type { ImageView } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';
import { familiarReference, repositoryAndTag } from '../format/familiar-reference.ts';
import { ago, decimalSize, shortId } from '../format/human.ts';
import { formatOption, printList } from '../format/output-format.ts';

interface ImagesFlags {
  readonly all?: boolean;
  readonly quiet?: boolean;
  readonly trunc: boolean;
  readonly digests?: boolean;
  readonly format?: string;
}

interface ImageRow {
  readonly view: ImageView;
  readonly repository: string;
  readonly tag: string;
}

export const images: CliCommand = {
  define: (command, run) =>
    formatOption(command)
      .argument('[name]', 'only images of this name')
      .option('-a, --all', 'also those that only other images need')
      .option('-q, --quiet', 'only ids')
      .option('--no-trunc', 'nothing shortened')
      .option('--digests', 'with the digests of their manifests')
      .action(
        run(async (context, name: string | undefined, { all = false, quiet, trunc, digests = false, format }: ImagesFlags) => {
          const views = (await context.client.images.list({ all })).toSorted((one, other) => other.created.localeCompare(one.created));
          const rows = views.flatMap(rowsOf).filter((row) => name === undefined || matches(row, name));
          const id = ({ view }: ImageRow): string => (trunc ? shortId(view.id) : view.id);
          const distinct = [...new Map(rows.map((row) => [row.view.id, row])).values()];
          if (format === 'json' && quiet !== true) for (const { view } of distinct) context.print(JSON.stringify(view));
          else {
            printList(context, {
              quiet,
              items: quiet === true ? distinct : rows,
              id,
              titles: ['REPOSITORY', 'TAG', ...(digests ? ['DIGEST'] : []), 'IMAGE ID', 'CREATED', 'SIZE'],
              row: (row) => [
                row.repository,
                row.tag,
                ...(digests ? [row.view.manifest] : []),
                id(row),
                ago(row.view.created),
                decimalSize(row.view.sizeBytes),
              ],
            });
          }
        }),
      ),
};

function rowsOf(view: ImageView): readonly ImageRow[] {
  if (view.references.length === 0) return [{ view, repository: '<none>', tag: '<none>' }];
  return view.references.map((reference) => {
    const [repository, tag] = repositoryAndTag(reference);
    return { view, repository, tag };
  });
}

const matches = ({ repository, tag }: ImageRow, name: string): boolean => {
  const wanted = familiarReference(name);
  return wanted === repository || wanted === `${repository}:${tag}`;
};
