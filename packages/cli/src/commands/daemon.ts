import { resolve } from 'node:path';
import { JockerError } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';
import { askDaemon, logFileOf, startDaemon, stopDaemon } from '../daemon/background-daemon.ts';
import { findPlugin } from '../daemon/find-plugin.ts';
import type { ServeFlags } from '../daemon/daemon-settings.ts';
import { pidFileOf, runningDaemon } from '../daemon/pid-file.ts';
import { settingsOf } from '../daemon/settings-of.ts';
import { defaultSocketPath } from '../socket-path.ts';
import { addServeOptions } from './serve-options.ts';

type DaemonFlags = ServeFlags & { readonly debug?: boolean };

export const daemon: CliCommand = {
  define: (command, run) => {
    addServeOptions(command.command('start').description('start one, unless it runs')).action(
      run(async (context, flags: DaemonFlags) => {
        const settings = await settingsOf(withHost(flags, context.socketPath));
        if ((await askDaemon(settings.socket)) !== undefined) {
          context.print(`a daemon answers on ${settings.socket} already`);
          return;
        }
        if (process.getuid?.() !== 0)
          throw new JockerError('permission-denied', 'the daemon needs root; run it as: sudo jocker daemon start');
        await startDaemon(settings, await serveArguments(withHost(flags, context.socketPath)));
        context.print(`started; it answers on ${settings.socket} and logs to ${logFileOf(settings.runRoot)}`);
      }),
    );
    addServeOptions(command.command('stop').description('end it; its containers go on')).action(
      run(async (context, flags: DaemonFlags) => {
        const { runRoot } = await settingsOf(flags);
        context.print((await stopDaemon(runRoot)) ? 'stopped' : `no daemon of ${runRoot} runs`);
      }),
    );
    addServeOptions(command.command('status').description('whether it runs')).action(
      run(async (context, flags: DaemonFlags) => {
        const { socket, runRoot } = await settingsOf(withHost(flags, context.socketPath));
        const answer = await askDaemon(socket);
        const process = await runningDaemon(pidFileOf(runRoot));
        if (answer === undefined) {
          context.print(`no daemon answers on ${socket}`);
          return 1;
        }
        context.print(
          `a daemon (version ${answer.version}${process === undefined ? '' : `, process ${process.pid}`}) answers on ${socket}`,
        );
        return 0;
      }),
    );
  },
};

/** `--socket` wins over JOCKER_HOST, which wins over the config file. */
function withHost(flags: DaemonFlags, socketPath: string): DaemonFlags {
  return flags.socket !== undefined || socketPath === defaultSocketPath ? flags : { ...flags, socket: socketPath };
}

/** The same flags for `serve`, which runs in another directory. */
async function serveArguments({ socket, dataRoot, runRoot, runtime, plugin, config, debug }: DaemonFlags): Promise<readonly string[]> {
  // One that is not found is for the daemon to complain about.
  const found = await Promise.all(plugin.map(async (use) => await findPlugin(use, process.cwd()).catch(() => use)));
  const path = (flag: string, given: string | undefined): readonly string[] => (given === undefined ? [] : [flag, resolve(given)]);
  return [
    ...path('--socket', socket),
    ...path('--data-root', dataRoot),
    ...path('--run-root', runRoot),
    ...(runtime === undefined ? [] : ['--runtime', runtime]),
    ...found.flatMap((given) => ['--plugin', given]),
    ...path('--config', config),
    ...(debug === true ? ['--debug'] : []),
  ];
}
