import type { LogEntry } from '@jocker/protocol';
import * as vscode from 'vscode';
import type { EngineConnection } from '../connection/engine-connection.ts';

export interface LogTerminalOptions {
  readonly connection: EngineConnection;
  /** Followed by name: a container that takes its place goes on in the same log. */
  readonly name: string;
  readonly tail: number | undefined;
  readonly since: Date | undefined;
  readonly timestamps: boolean;
}

/** A log as a read-only terminal: colours of the program are kept, and the terminal's own find searches it. */
export class LogTerminal implements vscode.Pseudoterminal {
  readonly #options: LogTerminalOptions;
  readonly #write = new vscode.EventEmitter<string>();
  readonly #close = new vscode.EventEmitter<number | void>();
  readonly onDidWrite: vscode.Event<string> = this.#write.event;
  readonly onDidClose: vscode.Event<number | void> = this.#close.event;
  readonly #stopped = new AbortController();

  constructor(options: LogTerminalOptions) {
    this.#options = options;
  }

  open(): void {
    void this.#run();
  }

  close(): void {
    this.#stopped.abort();
  }

  async #run(): Promise<void> {
    const { connection, name, tail, since } = this.#options;
    const { signal } = this.#stopped;
    let after: string | undefined;
    let containerId: string | undefined;
    for (;;) {
      try {
        const entries = connection.client.containers.logs(name, {
          follow: true,
          byName: true,
          signal,
          ...(after === undefined ? { ...(tail === undefined ? {} : { tail }), ...(since === undefined ? {} : { since }) } : { after }),
        });
        for await (const entry of entries) {
          if (containerId !== undefined && containerId !== entry.containerId)
            this.#note(vscode.l10n.t('{0} was replaced by a new container', name));
          containerId = entry.containerId;
          after = entry.cursor;
          this.#write.fire(formatEntry(entry, this.#options.timestamps));
        }
        if (!signal.aborted) this.#note(vscode.l10n.t('end of the log'));
        return;
      } catch (error) {
        if (signal.aborted) return;
        // The engine went away: the cursor takes up where the log was left.
        if (connection.state === 'connected') {
          this.#note(error instanceof Error ? error.message : String(error));
          return;
        }
        await reconnected(connection, signal);
        if (signal.aborted) return;
      }
    }
  }

  #note(text: string): void {
    this.#write.fire(`\u001b[2m— ${text} —\u001b[0m\r\n`);
  }
}

function formatEntry(entry: LogEntry, timestamps: boolean): string {
  const text = Buffer.from(entry.data).toString('utf8').replace(/\r?\n/g, '\r\n');
  const time = timestamps ? `\u001b[2m${entry.time}\u001b[0m ` : '';
  return entry.stream === 'stderr' ? `${time}\u001b[33m${text}\u001b[39m` : `${time}${text}`;
}

async function reconnected(connection: EngineConnection, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      if (connection.state !== 'connected' && !signal.aborted) return;
      listener[Symbol.dispose]();
      resolve();
    };
    const listener = connection.onStateChange(done);
    signal.addEventListener('abort', done, { once: true });
    done();
  });
}
