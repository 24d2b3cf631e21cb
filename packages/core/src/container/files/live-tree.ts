import { lstatSync, mkdirSync } from 'node:fs';
import { native } from '@jocker/native';
import { JockerError } from '../../errors/jocker-error.ts';
import { joinPath, parentOf, showPath, toFsPath } from '../../layer/byte-path.ts';
import { applyTimes } from '../../layer/entry-metadata.ts';
import type { EntryTree } from '../../layer/write-entry.ts';
import { baseOf, pin, type Pinned } from './in-root.ts';
import { removeTree } from './remove-in-root.ts';

/** Enough for the folders of most archives. */
const mostPinned = 64;

/**
 * Where an archive is extracted in a container that may be running: each parent is resolved inside the root by the kernel
 * into a descriptor, and entries are made by their name in it (CVE-2018-15664, CVE-2019-14271).
 */
export function createLiveTree(options: {
  readonly rootFd: number;
  /** The directory to extract into, cleaned. */
  readonly target: string;
  readonly noOverwriteDirNonDir: boolean;
}): EntryTree & Disposable & { finish(): void } {
  const { rootFd, target } = options;
  const parents = new Map<string, Pinned>();
  const directoryTimes = new Map<string, bigint>();

  function forget(): void {
    for (const parent of parents.values()) parent[Symbol.dispose]();
    parents.clear();
  }

  function open(path: string): Pinned {
    try {
      return pin(rootFd, joinPath(target, path), { followLink: true, directory: true });
    } catch (error) {
      if (path === '' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const above = parentPin(parentOf(path));
      const child = toFsPath(`${above.path}/${baseOf(path)}`);
      mkdirSync(child, 0o755);
      native().lchmod(child, 0o755);
      return pin(rootFd, joinPath(target, path), { followLink: true, directory: true });
    }
  }

  /** The last two that were asked for stay open: a hard link needs both of its ends. */
  function parentPin(path: string): Pinned {
    const parent = parents.get(path) ?? open(path);
    parents.delete(path);
    parents.set(path, parent);
    for (const [oldest, least] of parents) {
      if (parents.size <= mostPinned) break;
      parents.delete(oldest);
      least[Symbol.dispose]();
    }
    return parent;
  }

  const absolute = (path: string): string => `${parentPin(parentOf(path)).path}/${baseOf(path)}`;

  function refuse(path: string, what: string): never {
    throw new JockerError('invalid-argument', `${showPath(`/${joinPath(target, path)}`)}: ${what}`);
  }

  return {
    locate(path) {
      parentPin(parentOf(path));
      return path;
    },
    absolute,
    clear(path) {
      const stat = lstatSync(toFsPath(absolute(path)), { throwIfNoEntry: false });
      if (stat?.isDirectory() && options.noOverwriteDirNonDir) refuse(path, 'a directory cannot be replaced by something else');
      const { fd } = parentPin(parentOf(path));
      removeTree(fd, baseOf(path));
      if (stat?.isDirectory() || stat?.isSymbolicLink()) forget();
    },
    makeDirectory(path) {
      const stat = lstatSync(toFsPath(absolute(path)), { throwIfNoEntry: false });
      if (stat?.isDirectory()) return;
      if (stat !== undefined) {
        if (options.noOverwriteDirNonDir) refuse(path, 'something else cannot be replaced by a directory');
        removeTree(parentPin(parentOf(path)).fd, baseOf(path));
        forget();
      }
      mkdirSync(toFsPath(absolute(path)), 0o700);
    },
    isLinkable(path) {
      const stat = lstatSync(toFsPath(absolute(path)), { throwIfNoEntry: false });
      return stat !== undefined && !stat.isDirectory();
    },
    touch: () => undefined,
    setDirectoryTime: (path, mtimeNs) => void directoryTimes.set(path, mtimeNs),
    finish() {
      for (const [path, mtimeNs] of directoryTimes) applyTimes(absolute(path), mtimeNs);
    },
    [Symbol.dispose]: forget,
  };
}
