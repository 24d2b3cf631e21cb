import type { BigIntStats, Stats } from 'node:fs';
import { constants } from 'node:fs';
import { native } from '@jocker/native';
import { toFsPath } from './byte-path.ts';

/** How overlayfs stores what is gone: a character device 0:0 for a name, an xattr for all lower children of a directory. */
export function isWhiteout(stat: Stats | BigIntStats): boolean {
  return (Number(stat.mode) & constants.S_IFMT) === constants.S_IFCHR && Number(stat.rdev) === 0;
}

export function writeWhiteout(path: string): void {
  native().mknod(toFsPath(path), constants.S_IFCHR, 0, 0);
}

export function markOpaque(path: string): void {
  native().lsetxattr(toFsPath(path), 'trusted.overlay.opaque', Buffer.from('y'));
}

export function isOpaque(path: string): boolean {
  return ['trusted.overlay.opaque', 'user.overlay.opaque'].some((name) => {
    try {
      return native().lgetxattr(toFsPath(path), name).toString() === 'y';
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENODATA' || code === 'ENOTSUP' || code === 'EOPNOTSUPP') return false;
      throw error;
    }
  });
}

/** The file system's own bookkeeping. From an image it would let a layer redirect a directory or hide others. */
export function isOverlayXattr(name: string): boolean {
  return name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.');
}
