import type { CliCommand } from '../command.ts';
import { eachTarget } from './each-target.ts';

export const pause: CliCommand = {
  define: (command, run) =>
    command
      .argument('<container...>')
      .action(run((context, names: readonly string[]) => eachTarget(context, names, (name) => context.client.containers.pause(name)))),
};
