import type { Command } from 'commander';
import type { JockerClient } from '@jocker/client';

/** What a command gets; made once per run of the program. */
export interface CliContext extends Disposable {
  /** Of the daemon that commands speak to. */
  readonly socketPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Connects on first use. */
  readonly client: JockerClient;
  /** A line on stdout. */
  print(line: string): void;
  /** A line on stderr. */
  warn(line: string): void;
}

/** One word of the command line. `define` adds arguments and options, and an action that resolves with the exit code (0 if none). */
export interface CliCommand {
  /** The exit code for what the engine refuses. */
  readonly failureCode?: number;
  define(command: Command, run: RunAction): void;
}

/** Wraps an action, so that its result becomes the exit code of the program. */
export type RunAction = <Parameters extends unknown[]>(
  action: (context: CliContext, ...parameters: Parameters) => Promise<number | void>,
) => (...parameters: Parameters) => Promise<void>;
