import type { CliCommand } from '../command.ts';
import { eachTarget } from './each-target.ts';
import { addStopOptions, stopOptionsOf, type StopFlags } from './stop.ts';

export const restart: CliCommand = {
  define: (command, run) =>
    addStopOptions(command).action(
      run((context, names: readonly string[], flags: StopFlags) =>
        eachTarget(context, names, (name) => context.client.containers.restart(name, stopOptionsOf(flags))),
      ),
    ),
};
