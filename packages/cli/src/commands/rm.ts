import type { CliCommand } from '../command.ts';
import { eachTarget } from './each-target.ts';

export const rm: CliCommand = {
  define: (command, run) =>
    command
      .argument('<container...>')
      .option('-f, --force', 'kill it first if it runs')
      .option('-v, --volumes', 'with its anonymous volumes')
      .action(
        run((context, names: readonly string[], flags: { readonly force?: boolean; readonly volumes?: boolean }) =>
          eachTarget(context, names, (name) => context.client.containers.remove(name, flags)),
        ),
      ),
};
