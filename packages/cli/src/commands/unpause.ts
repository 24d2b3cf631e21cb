import type { CliCommand } from '../command.ts';
import { eachTarget } from './each-target.ts';

export const unpause: CliCommand = {
  define: (command, run) =>
    command
      .argument('<container...>')
      .action(run((context, names: readonly string[]) => eachTarget(context, names, (name) => context.client.containers.unpause(name)))),
};
