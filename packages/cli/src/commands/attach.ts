import { JockerError } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';
import { defaultDetachKeys } from '../terminal/run-session.ts';
import { attachTo } from './attach-session.ts';

interface AttachFlags {
  readonly stdin: boolean;
  readonly sigProxy: boolean;
  readonly detachKeys: string;
}

export const attach: CliCommand = {
  failureCode: 125,
  define: (command, run) =>
    command
      .argument('<container>')
      .option('--no-stdin', 'only watch')
      .option('--no-sig-proxy', 'signals end this program instead of going to the process')
      .option('--detach-keys <keys>', 'the keys that leave it running', defaultDetachKeys)
      .action(
        run(async (context, id: string, flags: AttachFlags) => {
          const view = await context.client.containers.inspect(id);
          if (view.status !== 'running') {
            throw new JockerError(
              'failed-precondition',
              `container ${view.name} is ${view.status}, and only one that runs can be attached to`,
            );
          }
          return attachTo(context, view, flags);
        }),
      ),
};
