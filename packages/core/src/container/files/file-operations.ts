import type { FileStat } from '../../engine/engine.ts';
import { writeArchiveIntoRoot, type WriteArchiveOptions } from './archive-into-root.ts';
import { exportRoot, readArchiveFromRoot, writeChangesLayer } from './archive-operations.ts';
import { createDirectoryInRoot, listInRoot, readInRoot, writeInRoot } from './edit-in-root.ts';
import { fileFailure, withFileFailure } from './file-failure.ts';
import { statInRoot } from './file-stat.ts';
import { cleanContainerPath } from './in-root.ts';
import { renameInRoot } from './rename-in-root.ts';
import { removeInRoot } from './remove-in-root.ts';
import { findChanges, type FileChange, type FindChangesOptions } from './tree-changes.ts';

/**
 * What the threads can do, by name. Everything is synchronous inside: a thread does one thing at a time, and a file system
 * that hangs stops that thread only. Descriptors belong to the whole process, so they travel as numbers.
 */
export interface FileOperations {
  stat(rootFd: number, path: string, followLink: boolean): FileStat;
  list(rootFd: number, path: string): readonly FileStat[];
  read(rootFd: number, path: string, maxBytes: number): Buffer;
  write(rootFd: number, path: string, data: Uint8Array, options: { readonly create: boolean; readonly overwrite: boolean }): void;
  createDirectory(rootFd: number, path: string): void;
  remove(rootFd: number, path: string, recursive: boolean): void;
  rename(rootFd: number, from: string, to: string, overwrite: boolean): void;
  readArchive(rootFd: number, path: string, outputFd: number): void;
  writeArchive(rootFd: number, path: string, archiveFd: number, options: WriteArchiveOptions): Promise<void>;
  export(rootFd: number, outputFd: number): void;
  changes(options: FindChangesOptions): readonly FileChange[];
  changesLayer(rootFd: number, options: FindChangesOptions, outputFd: number): void;
}

export interface FileQuestion {
  readonly operation: keyof FileOperations;
  readonly args: readonly unknown[];
}

/** With a path of the API, cleaned, and the kernel's errors translated with it. */
function at<R>(path: string, run: (clean: string) => R): R {
  const clean = cleanContainerPath(path);
  return withFileFailure(clean, () => run(clean));
}

export const fileOperations: FileOperations = {
  // A slash at the end asks for the directory that a link leads to.
  stat: (rootFd, path, followLink) => at(path, (clean) => statInRoot(rootFd, clean, followLink || /\/\.?$/.test(path))),
  list: (rootFd, path) => at(path, (clean) => listInRoot(rootFd, clean)),
  read: (rootFd, path, maxBytes) => at(path, (clean) => readInRoot(rootFd, clean, maxBytes)),
  write: (rootFd, path, data, options) => at(path, (clean) => writeInRoot(rootFd, clean, data, options)),
  createDirectory: (rootFd, path) => at(path, (clean) => createDirectoryInRoot(rootFd, clean)),
  remove: (rootFd, path, recursive) => at(path, (clean) => removeInRoot(rootFd, clean, recursive)),
  rename: (rootFd, from, to, overwrite) => at(from, (clean) => renameInRoot(rootFd, clean, cleanContainerPath(to), overwrite)),
  readArchive: (rootFd, path, outputFd) => at(path, () => readArchiveFromRoot(rootFd, path, outputFd)),
  async writeArchive(rootFd, path, archiveFd, options) {
    const clean = cleanContainerPath(path);
    try {
      await writeArchiveIntoRoot(rootFd, clean, archiveFd, options);
    } catch (error) {
      throw fileFailure(error, clean);
    }
  },
  export: (rootFd, outputFd) => at('/', () => exportRoot(rootFd, outputFd)),
  changes: (options) => at('/', () => findChanges(options)),
  changesLayer: (rootFd, options, outputFd) => at('/', () => writeChangesLayer(rootFd, findChanges(options), outputFd)),
};
