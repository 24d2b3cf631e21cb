import { closeSync, constants, linkSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { native } from '@jocker/native';
import { JockerError } from '../errors/jocker-error.ts';
import { cleanEntryPath, showPath, toFsPath } from './byte-path.ts';
import { applyMetadata, applyTimes, type Warn } from './entry-metadata.ts';
import type { TarEntry } from './tar-entry.ts';

/** Where entries are written, and where their paths lead. Paths are cleaned and relative to the root. */
export interface EntryTree {
  /** The path of an entry: its parent resolved inside the root and made when missing, its last component not followed. */
  locate(path: string): string;
  /**
   * For system calls on a located path; no component before the last is a symlink. Good until the next call of the tree:
   * it may go through a descriptor.
   */
  absolute(path: string): string;
  /** Makes room for something that is not a directory. */
  clear(path: string): void;
  /** An entry says that this is a directory; one that is there stays. */
  makeDirectory(path: string): void;
  /** Whether something lies there that a hard link may point to. */
  isLinkable(path: string): boolean;
  /** An entry was written there. */
  touch(path: string): void;
  /** Directories get their times when nothing is written into them any more. */
  setDirectoryTime(path: string, mtimeNs: bigint): void;
}

export interface EntryWriter {
  begin(entry: TarEntry, path: string): void;
  data(piece: Buffer): void;
  end(): void;
  /** Closes what an entry that broke off left open. */
  [Symbol.dispose](): void;
}

const deviceModes: Partial<Record<TarEntry['type'], number>> = {
  'character-device': constants.S_IFCHR,
  'block-device': constants.S_IFBLK,
  fifo: constants.S_IFIFO,
};

/** Writes entries in their order, synchronously: for a thread of its own. */
export function createEntryWriter(tree: EntryTree, warn: Warn): EntryWriter {
  let open: { readonly fd: number; readonly path: string; readonly entry: TarEntry } | undefined;

  /** Tries first and looks when that fails: nearly always nothing is in the way. */
  function create<T>(path: string, make: (target: string | Buffer) => T): T {
    try {
      return make(toFsPath(tree.absolute(path)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      tree.clear(path);
      return make(toFsPath(tree.absolute(path)));
    }
  }

  function linkTo(entry: TarEntry, path: string): void {
    const source = tree.locate(cleanEntryPath(entry.linkPath));
    if (source === path) return;
    if (!tree.isLinkable(source)) {
      throw new JockerError('data-loss', `the entry ${showPath(path)} is a hard link to ${showPath(source)}, where no file is`);
    }
    create(path, (target) => linkSync(toFsPath(tree.absolute(source)), target));
  }

  function write(entry: TarEntry, path: string): void {
    switch (entry.type) {
      case 'file': {
        const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
        const fd = create(path, (target) => openSync(target, flags, 0o600));
        open = { fd, path, entry };
        return;
      }
      case 'hardlink':
        return linkTo(entry, path);
      case 'directory':
        tree.makeDirectory(path);
        applyMetadata(tree.absolute(path), entry, {}, warn);
        return tree.setDirectoryTime(path, entry.mtimeNs);
      case 'symlink':
        create(path, (target) => symlinkSync(entry.linkPath, target));
        applyMetadata(tree.absolute(path), entry, { symlink: true }, warn);
        return applyTimes(tree.absolute(path), entry.mtimeNs);
      case 'character-device':
      case 'block-device':
      case 'fifo': {
        const mode = (deviceModes[entry.type] ?? 0) | 0o600;
        create(path, (target) => native().mknod(target, mode, entry.deviceMajor, entry.deviceMinor));
        applyMetadata(tree.absolute(path), entry, {}, warn);
        return applyTimes(tree.absolute(path), entry.mtimeNs);
      }
    }
  }

  return {
    begin(entry, path) {
      const located = tree.locate(path);
      write(entry, located);
      tree.touch(located);
    },
    data(piece) {
      for (let written = 0; open !== undefined && written < piece.length;) written += writeSync(open.fd, piece, written);
    },
    end() {
      if (open === undefined) return;
      const { fd, path, entry } = open;
      applyMetadata(tree.absolute(path), entry, { fd }, warn);
      open = undefined;
      closeSync(fd);
      applyTimes(tree.absolute(path), entry.mtimeNs);
    },
    [Symbol.dispose]() {
      if (open !== undefined) closeSync(open.fd);
      open = undefined;
    },
  };
}
