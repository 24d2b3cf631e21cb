import { readArchiveFromRoot, exportRoot, writeChangesLayer } from './archive-operations.ts';
import { writeArchiveIntoRoot } from './archive-into-root.ts';
import { createDirectoryInRoot, listInRoot, readInRoot, renameInRoot, writeInRoot } from './edit-in-root.ts';
import { withFileFailure } from './file-failure.ts';
import { statInRoot } from './file-stat.ts';
import { cleanContainerPath } from './in-root.ts';
import { removeInRoot } from './remove-in-root.ts';
import { findChanges } from './tree-changes.ts';

/** With a path of the API, cleaned, and the kernel's errors translated with it. */
function at<A extends readonly unknown[], R>(run: (rootFd: number, path: string, ...rest: A) => R) {
  return (rootFd: number, path: string, ...rest: A): R => {
    const clean = cleanContainerPath(path);
    return withFileFailure(clean, () => run(rootFd, clean, ...rest));
  };
}

/**
 * What the threads can do, by name. Everything is synchronous inside: a thread does one thing at a time, and a file system
 * that hangs stops that thread only. Descriptors belong to the whole process, so the root's is simply its number.
 */
export const fileOperations = {
  stat: at(statInRoot),
  list: at(listInRoot),
  read: at(readInRoot),
  write: at(writeInRoot),
  createDirectory: at(createDirectoryInRoot),
  remove: at(removeInRoot),
  rename: (rootFd: number, from: string, to: string, overwrite: boolean) => {
    const clean = cleanContainerPath(from);
    withFileFailure(clean, () => renameInRoot(rootFd, clean, cleanContainerPath(to), overwrite));
  },
  readArchive: (rootFd: number, path: string, outputFd: number) =>
    withFileFailure(cleanContainerPath(path), () => readArchiveFromRoot(rootFd, path, outputFd)),
  export: (rootFd: number, outputFd: number) => withFileFailure('', () => exportRoot(rootFd, outputFd)),
  writeArchive: writeArchiveIntoRoot,
  changes: (options: Parameters<typeof findChanges>[0]) => withFileFailure('', () => findChanges(options)),
  changesLayer: (rootFd: number, options: Parameters<typeof findChanges>[0], outputFd: number) =>
    withFileFailure('', () => writeChangesLayer(rootFd, findChanges(options), outputFd)),
} as const;

export type FileOperations = typeof fileOperations;
