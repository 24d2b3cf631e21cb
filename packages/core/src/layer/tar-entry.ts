export type TarEntryType = 'file' | 'hardlink' | 'symlink' | 'character-device' | 'block-device' | 'directory' | 'fifo';

/** One member of a tar archive. Names are bytes, as Linux has them; nothing here was looked at for safety. */
export interface TarEntry {
  readonly type: TarEntryType;
  readonly path: Buffer;
  /** Target of a symlink, or the path of the other member of a hard link; empty otherwise. */
  readonly linkPath: Buffer;
  /** Permission bits with setuid, setgid, sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 unless a file. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** By name, each byte of the name as one character (latin1). */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

export const blockBytes = 512;
export const xattrPrefix = 'SCHILY.xattr.';

/** How many bytes fill the last block of a content of this size. */
export function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}
