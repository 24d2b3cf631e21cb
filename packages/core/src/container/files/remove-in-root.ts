import { readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { toFsPath } from '../../layer/byte-path.ts';
import { openChildDirectory, pinParent } from './in-root.ts';

/**
 * Removes a tree through descriptors, so that a directory which is swapped for a symlink meanwhile is not followed. Stops
 * with EXDEV where something is mounted: a bind mount's files are the host's.
 */
export function removeTree(parentFd: number, name: string): void {
  const child = toFsPath(`/proc/self/fd/${parentFd}/${name}`);
  try {
    unlinkSync(child);
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
  }
  {
    using directory = openChildDirectory(parentFd, name, { crossMounts: false });
    for (const entry of readdirSync(directory.path, { encoding: 'latin1' })) removeTree(directory.fd, entry);
  }
  rmdirSync(child);
}

export function removeInRoot(rootFd: number, path: string, recursive: boolean): void {
  using parent = pinParent(rootFd, path);
  if (recursive) return removeTree(parent.fd, path.slice(path.lastIndexOf('/') + 1));
  try {
    unlinkSync(toFsPath(parent.child));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
    rmdirSync(toFsPath(parent.child));
  }
}
