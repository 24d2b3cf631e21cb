import { write } from 'node:fs';
import { ReadStream } from 'node:tty';
import { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '@jocker/core';
import { native } from '@jocker/native';

/** The master side of a pseudo terminal as two streams. Takes the descriptor over. */
export interface Terminal {
  readonly output: Readable;
  readonly input: Writable;
  readonly resize: (size: TerminalSize) => void;
  close(): void;
}

const fullRetryMs = 10;

export function createTerminal(fd: number): Terminal {
  const master = new ReadStream(fd);
  const output = new Readable({
    read: () => void master.resume(),
    destroy(error, done) {
      master.destroy();
      done(error);
    },
  });
  const end = (): void => {
    if (!output.readableEnded && !output.destroyed) output.push(null);
  };
  master.on('data', (chunk: Buffer) => {
    if (!output.push(chunk)) master.pause();
  });
  // Once the last process has closed the terminal, Linux answers reads with EIO instead of end of file.
  master.on('error', end).on('end', end).on('close', end);

  /** libuv writes to a terminal in blocking mode, hence not through the stream. */
  const writeAll = (data: Buffer, done: (error?: Error | null) => void): void => {
    if (master.destroyed) return done();
    write(fd, data, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(writeAll, fullRetryMs, data, done);
      else if (error !== null || written === data.length) done();
      else writeAll(data.subarray(written), done);
    });
  };
  return {
    output,
    // There is no half-close of a terminal: who wants to end its input types ^D.
    input: new Writable({ write: (chunk: Buffer, _encoding, done) => writeAll(chunk, done) }),
    resize(size) {
      if (!master.destroyed) native().setWindowSize(fd, size.columns, size.rows);
    },
    close: () => void output.destroy(),
  };
}
