import { rename, rm, stat } from 'node:fs/promises';

export interface RotateLogOptions {
  readonly path: string;
  readonly limitBytes: number;
  /** Files in all, the one that is written to among them. */
  readonly keep: number;
  /** Makes the monitor open `path` anew. */
  readonly reopen: () => Promise<void>;
}

/**
 * Renames a log that has grown past its limit to `PATH.1` (and `.1` to `.2` …) and has the monitor go on with a new file.
 * True when it did. Whoever ended between the two steps left no `PATH`; then only the second one is made up for.
 */
export async function rotateLog({ path, limitBytes, keep, reopen }: RotateLogOptions): Promise<boolean> {
  const size = await sizeOf(path);
  if (size === undefined) {
    if ((await sizeOf(`${path}.1`)) === undefined) return false;
  } else {
    if (size <= limitBytes) return false;
    await rm(keep > 1 ? `${path}.${keep - 1}` : path, { force: true });
    for (let number = keep - 2; number >= 0; number -= 1) {
      const from = number === 0 ? path : `${path}.${number}`;
      await rename(from, `${path}.${number + 1}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
  }
  await reopen();
  return true;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return await stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

export interface LogRotationOptions {
  readonly intervalMs: number;
  /** Of the containers that run now. */
  logs(): Iterable<RotateLogOptions>;
  readonly onError: (error: unknown) => void;
}

/** Looks at the size of every running container's log from time to time. */
export function startLogRotation(options: LogRotationOptions): Disposable {
  let running = false;
  const rotateAll = async (): Promise<void> => {
    if (running) return;
    running = true;
    for (const log of options.logs()) {
      await rotateLog(log).catch(options.onError);
    }
    running = false;
  };
  const timer = setInterval(() => void rotateAll(), options.intervalMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
