import type { Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** One file of a log that may have been rotated: `PATH` is written to, `PATH.1` is the one before, and so on. */
export interface LogFile extends AsyncDisposable {
  /** Stays the same when the file is renamed. */
  readonly identity: string;
  readonly handle: FileHandle;
  readonly modifiedAtMs: number;
}

/** Oldest first. A rotation in between shows as a file met twice, which is left out. */
export async function openLogFiles(path: string): Promise<LogFile[]> {
  const files: LogFile[] = [];
  for (let number = 0; ; number += 1) {
    const file = await openLogFile(number === 0 ? path : `${path}.${number}`);
    if (file === undefined && number > 0) return files.toReversed();
    if (file === undefined) continue;
    if (files.some((known) => known.identity === file.identity)) await file[Symbol.asyncDispose]();
    else files.push(file);
  }
}

async function openLogFile(path: string): Promise<LogFile | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const stats = await handle.stat();
  return {
    identity: identityOf(stats),
    handle,
    modifiedAtMs: stats.mtimeMs,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** Numbers of inodes come again, hence the time. */
export function identityOf({ ino, birthtimeMs }: Stats): string {
  return `${ino.toString(36)}-${Math.trunc(birthtimeMs).toString(36)}`;
}

/** A place between two records; opaque to everybody else. */
export interface LogCursor {
  readonly identity: string;
  readonly offset: number;
}

export function parseLogCursor(text: string): LogCursor | undefined {
  const [, identity, offset] = /^(.+)\.(\d{1,15})$/.exec(text) ?? [];
  return identity === undefined || offset === undefined ? undefined : { identity, offset: Number(offset) };
}
