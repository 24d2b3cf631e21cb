import type { ProcessStreams } from '@jocker/protocol';
import * as vscode from 'vscode';

/** What a terminal shows: a session of the engine, opened when the terminal is. */
export interface TerminalSession {
  /** Attaches; called once, with the size of the panel. */
  open(size: vscode.TerminalDimensions | undefined): Promise<ProcessStreams>;
  resize(size: vscode.TerminalDimensions): Promise<void>;
  /** The exit code, after the streams have ended; undefined when the session goes on without us. */
  exitCode(): Promise<number | undefined>;
}

/**
 * A terminal on the engine's socket: no local process, no shell string. Closing the panel detaches; the session lives in
 * the engine and can be attached again.
 */
export class SessionTerminal implements vscode.Pseudoterminal {
  readonly #session: TerminalSession;
  readonly #write = new vscode.EventEmitter<string>();
  readonly #close = new vscode.EventEmitter<number | void>();
  readonly onDidWrite: vscode.Event<string> = this.#write.event;
  readonly onDidClose: vscode.Event<number | void> = this.#close.event;
  #streams: ProcessStreams | undefined;
  #closed = false;
  #size: vscode.TerminalDimensions | undefined;

  constructor(session: TerminalSession) {
    this.#session = session;
  }

  open(size: vscode.TerminalDimensions | undefined): void {
    this.#size = size;
    void this.#run(size);
  }

  close(): void {
    this.#closed = true;
    void this.#streams?.[Symbol.asyncDispose]();
  }

  handleInput(data: string): void {
    this.#streams?.stdin?.write(Buffer.from(data, 'utf8'));
  }

  setDimensions(size: vscode.TerminalDimensions): void {
    this.#size = size;
    if (this.#streams !== undefined) void this.#session.resize(size).catch(() => undefined);
  }

  async #run(size: vscode.TerminalDimensions | undefined): Promise<void> {
    try {
      const streams = await this.#session.open(size);
      if (this.#closed) {
        await streams[Symbol.asyncDispose]();
        return;
      }
      this.#streams = streams;
      // A broken connection is told by the output's end; without a listener it would end the extension host.
      streams.stdin?.on('error', () => undefined);
      if (this.#size !== undefined && this.#size !== size) this.setDimensions(this.#size);
      // A character may be cut between two chunks.
      const decoder = new TextDecoder();
      for await (const chunk of streams.output) this.#write.fire(decoder.decode(chunk.data, { stream: true }));
      this.#write.fire(decoder.decode());
      const exitCode = await this.#session.exitCode();
      this.#close.fire(exitCode === 0 ? undefined : exitCode);
    } catch (error) {
      this.#write.fire(`\r\n\u001b[31m${error instanceof Error ? error.message : String(error)}\u001b[0m\r\n`);
      this.#close.fire(1);
    }
  }
}
