import type { CliCommand } from '../command.ts';
import { addCreateOptions, type CreateFlags } from '../values/create-options.ts';
import { createContainer } from './create-container.ts';

export const create: CliCommand = {
  failureCode: 125,
  define: (command, run) =>
    addCreateOptions(command).action(
      run(async (context, image: string, words: readonly string[], flags: CreateFlags) => {
        context.print((await createContainer(context, image, words, flags)).id);
      }),
    ),
};
