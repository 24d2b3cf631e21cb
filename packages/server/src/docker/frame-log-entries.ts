import type { LogEntry } from '@jocker/core';
import { frameOutput } from './stream-frames.ts';

const batchBytesMax = 128 * 1024;

/**
 * A log as Docker's clients read it. Lines that are there at once go out together: a write for each of 200,000 lines would cost
 * more than reading them. Reads ahead of a slow client by one batch.
 */
export async function* frameLogEntries(
  entries: AsyncIterable<LogEntry>,
  { tty, timestamps }: { readonly tty: boolean; readonly timestamps: boolean },
): AsyncGenerator<Buffer> {
  let batch: Buffer[] = [];
  let batchBytes = 0;
  let reading = true;
  let left = false;
  let filled = Promise.withResolvers<void>();
  let taken = Promise.withResolvers<void>();

  const read = async (): Promise<void> => {
    try {
      for await (const { stream, data, time } of entries) {
        if (left) return;
        const frame = frameOutput({ stream, data: timestamps ? Buffer.concat([Buffer.from(`${time} `), data]) : data }, tty);
        batch.push(frame);
        batchBytes += frame.length;
        if (batch.length === 1) filled.resolve();
        if (batchBytes >= batchBytesMax) await taken.promise;
      }
    } finally {
      reading = false;
      filled.resolve();
    }
  };
  const done = read();
  done.catch(() => undefined);
  try {
    for (;;) {
      if (batch.length === 0 && reading) await filled.promise;
      if (batch.length === 0) break;
      // Meanwhile the reader takes whatever else it has.
      await new Promise((resolve) => setImmediate(resolve));
      const joined = Buffer.concat(batch, batchBytes);
      batch = [];
      batchBytes = 0;
      filled = Promise.withResolvers();
      taken.resolve();
      taken = Promise.withResolvers();
      if (!reading) filled.resolve();
      yield joined;
    }
    await done;
  } finally {
    left = true;
    taken.resolve();
  }
}
