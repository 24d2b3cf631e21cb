import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { JockerError, type TerminalSize } from '@jocker/core';
import { bundleFiles } from './bundle-files.ts';

const reopenLogMessage = '2 0 0\n';
/** conmon 2.1 applies only the first of several messages that it reads at once. */
const betweenResizesMs = 20;

async function send(directory: string, message: string): Promise<void> {
  try {
    await using fifo = await open(bundleFiles(directory).control, constants.O_WRONLY | constants.O_NONBLOCK);
    await fifo.write(message);
  } catch (error) {
    throw new JockerError('failed-precondition', 'the container is not running', { cause: error, details: { reason: 'not-running' } });
  }
}

export async function reopenLog(directory: string): Promise<void> {
  await send(directory, reopenLogMessage);
}

/** Sizes in order, one at a time; of several that wait only the newest is sent. */
export interface TerminalResizer {
  resize(directory: string, size: TerminalSize): Promise<void>;
}

export function createTerminalResizer(): TerminalResizer {
  const pending = new Map<string, { newest: TerminalSize; done: Promise<void> }>();
  const run = async (directory: string, entry: { newest: TerminalSize }): Promise<void> => {
    for (;;) {
      const size = entry.newest;
      await send(directory, `1 ${size.rows} ${size.columns}\n`);
      await delay(betweenResizesMs);
      if (entry.newest === size) return;
    }
  };
  return {
    async resize(directory, size) {
      const running = pending.get(directory);
      if (running !== undefined) {
        running.newest = size;
        return await running.done;
      }
      const entry = { newest: size, done: Promise.resolve() };
      pending.set(directory, entry);
      entry.done = run(directory, entry).finally(() => pending.delete(directory));
      await entry.done;
    },
  };
}
