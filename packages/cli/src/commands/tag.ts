import type { CliCommand } from '../command.ts';
import { absoluteReference } from '../values/absolute-reference.ts';

export const tag: CliCommand = {
  define: (command, run) =>
    command
      .argument('<image>')
      .argument('<reference>', 'its new name')
      .action(run((context, image: string, reference: string) => context.client.images.tag(absoluteReference(image), reference))),
};
