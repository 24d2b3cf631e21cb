import type { CliCommand } from '../command.ts';
import { eachTarget } from './each-target.ts';

export const wait: CliCommand = {
  define: (command, run) =>
    command
      .argument('<container...>')
      .action(
        run((context, names: readonly string[]) =>
          eachTarget(context, names, async (name) => String((await context.client.containers.wait(name)).exitCode)),
        ),
      ),
};
