import { Option } from 'commander';
import type { CliCommand } from '../command.ts';
import { defaultDetachKeys, runSession, terminalSize } from '../terminal/run-session.ts';
import { parseEnvironment } from '../values/parse-key-values.ts';
import { requireTerminal } from './run.ts';

interface ExecFlags {
  readonly detach?: boolean;
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly env: readonly string[];
  readonly envFile: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly privileged?: boolean;
  readonly detachKeys: string;
}

export const exec: CliCommand = {
  failureCode: 125,
  define: (command, run) => {
    const many = (flags: string, description: string): Option =>
      new Option(flags, description).argParser((value: string, before: readonly string[]) => [...before, value]).default([], '');
    command
      .argument('<container>')
      .argument('<command...>')
      .passThroughOptions()
      .option('-d, --detach', 'leave it running')
      .option('-i, --interactive', 'keep stdin open')
      .option('-t, --tty', 'give it a terminal')
      .addOption(many('-e, --env <K=V>', 'set a variable'))
      .addOption(many('--env-file <file>', 'set the variables in a file'))
      .option('-w, --workdir <dir>', 'where it runs')
      .option('-u, --user <user[:group]>', 'who runs it')
      .option('--privileged', 'give it all that the daemon may')
      .option('--detach-keys <keys>', 'the keys that leave it running', defaultDetachKeys)
      .action(
        run(async ({ client, env }, container: string, words: readonly string[], flags: ExecFlags) => {
          const { detach = false, interactive = false, tty = false, workdir, user, privileged, detachKeys } = flags;
          if (!detach) requireTerminal(flags);
          const size = tty ? terminalSize() : undefined;
          const { id } = await client.execs.create(container, {
            command: words,
            tty,
            openStdin: interactive && !detach,
            env: await parseEnvironment(flags.env, flags.envFile, env),
            attach: { stdin: interactive && !detach, stdout: !detach, stderr: !detach },
            ...(workdir === undefined ? {} : { workingDir: workdir }),
            ...(user === undefined ? {} : { user }),
            ...(privileged === undefined ? {} : { privileged }),
            ...(size === undefined ? {} : { size }),
          });
          if (detach) return client.execs.start(id, { attach: false });
          await using session = await client.execs.start(id, { attach: true, ...(size === undefined ? {} : { size }) });
          const end = await runSession(session, { tty, interactive, detachKeys, kill: (signal) => client.execs.kill(id, signal) });
          return end === 'detached' ? 0 : end.exitCode;
        }),
      );
  },
};
