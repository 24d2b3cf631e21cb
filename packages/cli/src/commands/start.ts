import { JockerError } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';
import { defaultDetachKeys } from '../terminal/run-session.ts';
import { attachTo } from './attach-session.ts';
import { eachTarget } from './each-target.ts';

interface StartFlags {
  readonly attach?: boolean;
  readonly interactive?: boolean;
  readonly detachKeys: string;
}

export const start: CliCommand = {
  define: (command, run) =>
    command
      .argument('<container...>')
      .option('-a, --attach', 'attach to its output, forward signals')
      .option('-i, --interactive', 'attach to its stdin too')
      .option('--detach-keys <keys>', 'the keys that leave it running', defaultDetachKeys)
      .action(
        run(async (context, names: readonly string[], { attach, interactive = false, detachKeys }: StartFlags) => {
          if (attach !== true && !interactive) return eachTarget(context, names, (name) => context.client.containers.start(name));
          const [name, ...others] = names;
          if (name === undefined || others.length > 0)
            throw new JockerError('invalid-argument', 'only one container can be started and attached to');
          const view = await context.client.containers.inspect(name);
          return attachTo(context, view, {
            stdin: interactive,
            detachKeys,
            sigProxy: true,
            begin: () => context.client.containers.start(view.id),
          });
        }),
      ),
};
