import type { StopOptions } from '@jocker/client';
import type { Command } from 'commander';
import type { CliCommand } from '../command.ts';
import { parseWhole } from '../values/parse-number.ts';
import { eachTarget } from './each-target.ts';

export interface StopFlags {
  readonly time?: string;
  readonly signal?: string;
}

export function addStopOptions(command: Command): Command {
  return command
    .argument('<container...>')
    .option('-t, --time <seconds>', 'how long to wait before it is killed (0: not at all, -1: for ever)')
    .option('-s, --signal <signal>', 'what to send first');
}

export const stopOptionsOf = ({ time, signal }: StopFlags): StopOptions => ({
  ...(time === undefined ? {} : { timeoutSeconds: parseWhole('--time', time) }),
  ...(signal === undefined ? {} : { stopSignal: signal }),
});

export const stop: CliCommand = {
  define: (command, run) =>
    addStopOptions(command).action(
      run((context, names: readonly string[], flags: StopFlags) =>
        eachTarget(context, names, (name) => context.client.containers.stop(name, stopOptionsOf(flags))),
      ),
    ),
};
