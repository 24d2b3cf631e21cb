import { createReadStream, createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { JockerError } from '@jocker/protocol';

/** Writes a stream to a file, or to stdout when none is named. Archives do not go to a terminal. */
export async function writeStream(source: Readable, output: string | undefined): Promise<void> {
  if (output === undefined) return pipeline(source, process.stdout, { end: false });
  return pipeline(source, createWriteStream(output)).catch((error: unknown) => {
    throw fileError(error, output);
  });
}

export function refuseTerminal(output: string | undefined): void {
  if (output === undefined && process.stdout.isTTY) {
    throw new JockerError('invalid-argument', 'an archive is not written to a terminal; use -o FILE or redirect it');
  }
}

/** A file, or stdin when none (or `-`) is named. Opened before anything is sent, so that a missing one is said by name. */
export function readStream(input: string | undefined): Promise<Readable> {
  if (input === undefined || input === '-') {
    if (process.stdin.isTTY)
      return Promise.reject(new JockerError('invalid-argument', 'an archive is not read from a terminal; name a file or redirect it'));
    return Promise.resolve(process.stdin);
  }
  return new Promise((resolve, reject) => {
    const file = createReadStream(input);
    file.once('open', () => resolve(file));
    file.once('error', (error) => reject(fileError(error, input)));
  });
}

function fileError(error: unknown, path: string): JockerError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new JockerError('invalid-argument', code === 'ENOENT' ? `there is no file ${path}` : `${path}: ${message}`, { cause: error });
}
