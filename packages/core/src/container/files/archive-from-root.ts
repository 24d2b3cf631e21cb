import { fstatSync, lstatSync, readdirSync, readlinkSync, readSync, statfsSync, writeSync, type BigIntStats } from 'node:fs';
import { toFsPath } from '../../layer/byte-path.ts';
import { readMetadata } from '../../layer/entry-metadata.ts';
import { blockBytes, paddingOf, type TarEntry, type TarEntryType } from '../../layer/tar-entry.ts';
import { encodeTarHeader } from '../../layer/tar-writer.ts';
import { openChildDirectory, openChildFile, type Pinned } from './in-root.ts';

const bufferBytes = 1 << 18;

/** Writes to a descriptor, synchronously: for a thread of its own, which waits while the reader is slow. */
export interface ArchiveOutput {
  write(bytes: Buffer): void;
  writeEmptyFile(path: string): void;
  /** The blocks that end an archive. */
  end(): void;
}

export function createArchiveOutput(fd: number): ArchiveOutput {
  const buffer = Buffer.alloc(bufferBytes);
  let used = 0;
  function flush(): void {
    for (let at = 0; at < used;) at += writeSync(fd, buffer, at, used - at);
    used = 0;
  }
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length;) {
        const count = bytes.copy(buffer, used, at);
        used += count;
        at += count;
        if (used === bufferBytes) flush();
      }
    },
    writeEmptyFile(path) {
      const nothing = Buffer.alloc(0);
      const file = { type: 'file', path: Buffer.from(path, 'latin1'), linkPath: nothing, size: 0, deviceMajor: 0, deviceMinor: 0 } as const;
      this.write(encodeTarHeader({ ...file, mode: 0, uid: 0, gid: 0, mtimeNs: 0n, xattrs: new Map() }));
    },
    end() {
      this.write(Buffer.alloc(2 * blockBytes));
      flush();
    },
  };
}

/** Names of the kernel's own file systems by their magic numbers: what is in them is no file of the container. */
const kernelFileSystems = new Set([
  0x9fa0, 0x6265_6572, 0x1cd1, 0x27e0_eb, 0x6367_7270, 0x6462_6720, 0x7363_6673, 0x7472_6163, 0xcafe_4a11, 0x1980_0202,
]);

/** Labels of the host's policy mean nothing elsewhere. */
const hostXattrs = new Set(['security.selinux', 'security.ima', 'security.evm']);

function typeOf(stat: BigIntStats): TarEntryType | undefined {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isCharacterDevice()) return 'character-device';
  return stat.isBlockDevice() ? 'block-device' : undefined;
}

export interface ArchiveWalk {
  /** Writes what lies at `name` in the directory, as `archivePath`, with everything below it. */
  tree(parentFd: number, name: string, archivePath: string): void;
  /** Writes that alone. */
  single(parentFd: number, name: string, archivePath: string): void;
  /** Writes the children of a directory. `prefix` ends in a slash or is empty. */
  children(directory: Pinned, prefix: string): void;
}

/**
 * Looks at everything through the descriptor of its directory and follows nothing. What vanishes or changes its kind
 * between two looks is left out, as with any backup of something that lives.
 */
export function createArchiveWalk(output: Pick<ArchiveOutput, 'write'>, options: { readonly crossMounts: boolean }): ArchiveWalk {
  /** First path of each file that has several. */
  const linked = new Map<string, string>();
  const chunk = Buffer.alloc(bufferBytes);

  function writeContent(fd: number, size: number): void {
    let left = size;
    while (left > 0) {
      const count = readSync(fd, chunk, 0, Math.min(left, chunk.length), null);
      if (count === 0) break;
      output.write(chunk.subarray(0, count));
      left -= count;
    }
    // It shrank; the header is out already.
    for (; left > 0; left -= Math.min(left, chunk.length)) output.write(Buffer.alloc(Math.min(left, chunk.length)));
    output.write(Buffer.alloc(paddingOf(size)));
  }

  function describe(child: string, stat: BigIntStats, type: TarEntryType, archivePath: string): TarEntry {
    const metadata = readMetadata(child);
    const rdev = Number(stat.rdev);
    const isDevice = type === 'character-device' || type === 'block-device';
    return {
      ...metadata,
      type,
      path: Buffer.from(type === 'directory' ? `${archivePath}/` : archivePath, 'latin1'),
      linkPath: type === 'symlink' ? Buffer.from(readlinkSync(toFsPath(child), { encoding: 'latin1' }), 'latin1') : Buffer.alloc(0),
      size: 0,
      deviceMajor: isDevice ? (rdev >>> 8) & 0xfff : 0,
      deviceMinor: isDevice ? (rdev & 0xff) | ((rdev >>> 12) & 0xf_ff00) : 0,
      xattrs: new Map([...metadata.xattrs].filter(([name]) => !hostXattrs.has(name))),
    };
  }

  function writeFile(entry: TarEntry, stat: BigIntStats, parentFd: number, name: string, archivePath: string): void {
    const inode = `${stat.dev}:${stat.ino}`;
    const first = stat.nlink > 1n ? linked.get(inode) : undefined;
    if (first !== undefined) return output.write(encodeTarHeader({ ...entry, type: 'hardlink', linkPath: Buffer.from(first, 'latin1') }));
    using file = openChildFile(parentFd, name);
    const opened = fstatSync(file.fd);
    if (!opened.isFile()) return;
    if (stat.nlink > 1n) linked.set(inode, archivePath);
    output.write(encodeTarHeader({ ...entry, size: opened.size }));
    writeContent(file.fd, opened.size);
  }

  /** True when it was a directory. */
  function writeEntry(parentFd: number, name: string, archivePath: string): boolean {
    const child = `/proc/self/fd/${parentFd}/${name}`;
    const stat = lstatSync(toFsPath(child), { bigint: true });
    const type = typeOf(stat);
    // A socket is only a meeting point.
    if (type === undefined) return false;
    const entry = describe(child, stat, type, archivePath);
    if (type === 'file') writeFile(entry, stat, parentFd, name, archivePath);
    else output.write(encodeTarHeader(entry));
    return type === 'directory';
  }

  function skipVanished(run: () => void): void {
    try {
      run();
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      // EXDEV: a mount that is not to be crossed. Writing fails with none of these.
      if (syscall === 'write' || !['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EXDEV', 'EINVAL', 'ENODATA'].includes(code ?? '')) throw error;
    }
  }

  function tree(parentFd: number, name: string, archivePath: string): void {
    if (!writeEntry(parentFd, name, archivePath)) return;
    skipVanished(() => {
      using directory = openChildDirectory(parentFd, name, options);
      if (!kernelFileSystems.has(statfsSync(directory.path).type)) children(directory, `${archivePath}/`);
    });
  }

  function children(directory: Pinned, prefix: string): void {
    for (const name of readdirSync(directory.path, { encoding: 'latin1' }).toSorted()) {
      skipVanished(() => tree(directory.fd, name, prefix + name));
    }
  }

  return { tree, children, single: (parentFd, name, archivePath) => void writeEntry(parentFd, name, archivePath) };
}
