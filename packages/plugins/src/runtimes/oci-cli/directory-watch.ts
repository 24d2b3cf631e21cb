import { watch, type FSWatcher } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files that other processes write into one directory, seen as they come: one inotify watch for any number of waits. */
export interface DirectoryWatch extends Disposable {
  readonly directory: string;
  /** The file's text once it is there and not empty. */
  waitFor(name: string): Promise<string>;
  /** The same without waiting. */
  read(name: string): Promise<string | undefined>;
  /** A wait that is no longer of interest. */
  forget(name: string): void;
}

interface Wait {
  readonly text: Promise<string>;
  resolve(text: string): void;
}

export async function watchDirectory(directory: string): Promise<DirectoryWatch> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const waits = new Map<string, Wait>();

  const read = async (name: string): Promise<string | undefined> => {
    const text = await readFile(join(directory, name), 'utf8').catch(() => '');
    return text === '' ? undefined : text;
  };
  const check = async (name: string): Promise<void> => {
    const wait = waits.get(name);
    if (wait === undefined) return;
    const text = await read(name);
    if (text === undefined || waits.get(name) !== wait) return;
    waits.delete(name);
    wait.resolve(text);
  };
  // Without a name the kernel's queue ran over: everything may have changed.
  const watcher: FSWatcher = watch(directory, { persistent: false }, (_event, name) => {
    for (const waited of name === null ? waits.keys() : [name]) void check(waited);
  });
  watcher.on('error', () => undefined);

  return {
    directory,
    read,
    waitFor(name) {
      const known = waits.get(name);
      if (known !== undefined) return known.text;
      const { promise, resolve } = Promise.withResolvers<string>();
      waits.set(name, { text: promise, resolve });
      void check(name);
      return promise;
    },
    forget: (name) => void waits.delete(name),
    [Symbol.dispose]() {
      watcher.close();
      waits.clear();
    },
  };
}
