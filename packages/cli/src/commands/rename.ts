import type { CliCommand } from '../command.ts';

export const rename: CliCommand = {
  define: (command, run) =>
    command
      .argument('<container>')
      .argument('<name>')
      .action(run((context, id: string, name: string) => context.client.containers.rename(id, name))),
};
