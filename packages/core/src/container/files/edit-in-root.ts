import { constants, fstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { native } from '@jocker/native';
import { JockerError } from '../../errors/jocker-error.ts';
import { showPath, toFsPath } from '../../layer/byte-path.ts';
import type { FileStat } from '../../engine/engine.ts';
import { statChild } from './file-stat.ts';
import { pin, pinParent, reopenFile, type Pinned } from './in-root.ts';

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

export function listInRoot(rootFd: number, path: string): readonly FileStat[] {
  using directory = pin(rootFd, path, { followLink: true, directory: true });
  return readdirSync(directory.path, { encoding: 'latin1' }).flatMap((name) => {
    try {
      return [statChild(`${directory.path}/${name}`)];
    } catch (error) {
      // Gone since it was listed.
      if (isMissing(error)) return [];
      throw error;
    }
  });
}

function checkRegular(file: Pinned, path: string): void {
  const stat = statSync(file.path);
  if (stat.isFile()) return;
  throw new JockerError('invalid-argument', `${showPath(`/${path}`)}: it is ${stat.isDirectory() ? 'a directory' : 'not a regular file'}`);
}

export function readInRoot(rootFd: number, path: string, maxBytes: number): Buffer {
  using found = pin(rootFd, path, { followLink: true });
  checkRegular(found, path);
  using file = reopenFile(found, constants.O_RDONLY);
  const { size } = fstatSync(file.fd);
  const data = size > maxBytes ? undefined : readFileSync(file.fd);
  // A file of /proc has the size 0, and any may have grown.
  if (data !== undefined && data.length <= maxBytes) return data;
  throw new JockerError('resource-exhausted', `${showPath(`/${path}`)}: it is larger than ${maxBytes} bytes`);
}

export function writeInRoot(rootFd: number, path: string, data: Uint8Array, options: { create: boolean; overwrite: boolean }): void {
  let found: Pinned;
  try {
    found = pin(rootFd, path, { followLink: true });
  } catch (error) {
    if (!options.create || !isMissing(error)) throw error;
    using parent = pinParent(rootFd, path);
    writeFileSync(toFsPath(parent.child), data, { flag: 'wx', mode: 0o644 });
    native().lchmod(toFsPath(parent.child), 0o644);
    return;
  }
  using file = found;
  if (!options.overwrite) throw new JockerError('already-exists', `${showPath(`/${path}`)}: it is there already`);
  checkRegular(file, path);
  using open = reopenFile(file, constants.O_WRONLY | constants.O_TRUNC);
  writeFileSync(open.fd, data);
}

export function createDirectoryInRoot(rootFd: number, path: string): void {
  using parent = pinParent(rootFd, path);
  mkdirSync(toFsPath(parent.child), 0o755);
  native().lchmod(toFsPath(parent.child), 0o755);
}
