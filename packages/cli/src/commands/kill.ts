import type { CliCommand } from '../command.ts';
import { eachTarget } from './each-target.ts';

export const kill: CliCommand = {
  define: (command, run) =>
    command
      .argument('<container...>')
      .option('-s, --signal <signal>', 'by name or number', 'KILL')
      .action(
        run((context, names: readonly string[], { signal }: { readonly signal: string }) =>
          eachTarget(context, names, (name) => context.client.containers.kill(name, /^\d+$/.test(signal) ? Number(signal) : signal)),
        ),
      ),
};
