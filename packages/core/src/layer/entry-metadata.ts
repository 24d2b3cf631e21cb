import { fchmodSync, fchownSync, lchownSync, lstatSync } from 'node:fs';
import { native } from '@jocker/native';
import { showPath, toFsPath } from './byte-path.ts';
import { isOverlayXattr } from './overlay-marks.ts';

export interface EntryMetadata {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** Errors of xattrs that say that this file system or this user cannot have them; not worth failing an image for. */
const bearable = new Set(['ENOTSUP', 'EOPNOTSUPP']);

/** What could not be kept and was let go, at most the first of them. */
export type Warn = (message: string) => void;

function applyXattrs(path: string, metadata: EntryMetadata, warn: Warn): void {
  for (const [name, value] of metadata.xattrs) {
    if (isOverlayXattr(name)) continue;
    try {
      native().lsetxattr(toFsPath(path), Buffer.from(name, 'latin1'), value);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // `user.` attributes of symlinks and devices are refused with EPERM.
      if (!bearable.has(code ?? '') && !(code === 'EPERM' && name.startsWith('user.'))) throw error;
      warn(`the extended attribute ${showPath(name)} of ${showPath(path)} was left out: ${code}`);
    }
  }
}

export function applyTimes(path: string, mtimeNs: bigint): void {
  native().lutimes(toFsPath(path), mtimeNs, mtimeNs);
}

/**
 * Owner, then xattrs, then mode: chown clears setuid and `security.capability`. Times are the caller's, since directories
 * get theirs last. `fd` of a file that is still open; a symlink has no mode.
 */
export function applyMetadata(
  path: string,
  metadata: EntryMetadata,
  kind: { readonly fd?: number; readonly symlink?: boolean },
  warn: Warn,
): void {
  if (kind.fd === undefined) lchownSync(toFsPath(path), metadata.uid, metadata.gid);
  else fchownSync(kind.fd, metadata.uid, metadata.gid);
  if (metadata.xattrs.size > 0) applyXattrs(path, metadata, warn);
  if (kind.symlink === true) return;
  if (kind.fd === undefined) native().lchmod(toFsPath(path), metadata.mode);
  else fchmodSync(kind.fd, metadata.mode);
}

/** What a file on disk has, without the attributes of overlayfs. */
export function readMetadata(path: string): EntryMetadata {
  const stat = lstatSync(toFsPath(path), { bigint: true });
  const xattrs = new Map<string, Buffer>();
  for (const bytes of native().llistxattr(toFsPath(path))) {
    const name = bytes.toString('latin1');
    if (!isOverlayXattr(name)) xattrs.set(name, native().lgetxattr(toFsPath(path), bytes));
  }
  return { uid: Number(stat.uid), gid: Number(stat.gid), mode: Number(stat.mode) & 0o7777, mtimeNs: stat.mtimeNs, xattrs };
}
