import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleLocation } from '@jocker/core';
import { watchDirectory, type DirectoryWatch } from '../oci-cli/directory-watch.ts';
import { monitorIsAlive } from '../oci-cli/container-process.ts';

interface MonitorExit {
  readonly exitCode: number;
  readonly finishedAt: string;
  readonly unknown?: boolean;
}

/** conmon writes `EXIT_DIR/ID` by rename, after the last byte of the output went into the log. */
export interface ExitWatch extends Disposable {
  /** Undefined while it runs. */
  read(id: string): Promise<MonitorExit | undefined>;
  wait(id: string, location: BundleLocation, signal: AbortSignal): Promise<MonitorExit>;
  /** Removes what was written, once everybody who waits has read it. */
  remove(id: string): Promise<void>;
}

/** A killed conmon tells nobody; nothing but looking finds out. */
const monitorCheckMs = 2000;
const unknownExitCode = 255;

export async function createExitWatch(directory: string): Promise<ExitWatch> {
  const files: DirectoryWatch = await watchDirectory(directory);
  const waiting = new Map<string, { readonly location: BundleLocation; readonly lost: () => void; readonly exit: Promise<MonitorExit> }>();
  let timer: NodeJS.Timeout | undefined;

  const exitOf = async (id: string, text: string): Promise<MonitorExit> => {
    const exitCode = Number.parseInt(text, 10);
    const finishedAt = (await stat(join(directory, id))).mtime.toISOString();
    return { exitCode: Number.isInteger(exitCode) && exitCode >= 0 ? exitCode & 0xff : unknownExitCode, finishedAt };
  };
  const read = async (id: string): Promise<MonitorExit | undefined> => {
    const text = await files.read(id);
    return text === undefined ? undefined : await exitOf(id, text);
  };
  const checkMonitors = async (): Promise<void> => {
    for (const [id, { location, lost }] of waiting) {
      if (!(await monitorIsAlive(id, location)) && (await files.read(id)) === undefined) lost();
    }
  };
  const start = (id: string, location: BundleLocation): Promise<MonitorExit> => {
    const { promise: lost, resolve } = Promise.withResolvers<MonitorExit>();
    const exit = Promise.race([files.waitFor(id).then((text) => exitOf(id, text)), lost]).finally(() => {
      waiting.delete(id);
      files.forget(id);
      if (waiting.size === 0) clearInterval(timer);
      if (waiting.size === 0) timer = undefined;
    });
    waiting.set(id, {
      location,
      exit,
      lost: () => resolve({ exitCode: unknownExitCode, finishedAt: new Date().toISOString(), unknown: true }),
    });
    timer ??= setInterval(() => void checkMonitors(), monitorCheckMs);
    return exit;
  };

  return {
    read,
    async wait(id, location, signal) {
      signal.throwIfAborted();
      const known = waiting.get(id);
      const exit = known?.exit ?? start(id, location);
      if (known === undefined) void checkMonitors();
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      const onAbort = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        return await Promise.race([exit, aborted]);
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    async remove(id) {
      const pending = waiting.get(id);
      if (pending !== undefined && (await files.read(id)) !== undefined) await pending.exit;
      await rm(join(directory, id), { force: true });
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      files[Symbol.dispose]();
      waiting.clear();
    },
  };
}
