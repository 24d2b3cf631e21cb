import { lstatSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { toFsPath } from '../../layer/byte-path.ts';
import type { FileStat } from '../../engine/engine.ts';
import { baseOf, pin, pinParent } from './in-root.ts';

const text = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();

function typeOf(stat: Stats): FileStat['type'] {
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isSocket()) return 'socket';
  return stat.isFile() ? 'file' : 'device';
}

function describe(name: string, stat: Stats, linkTarget: string): FileStat {
  return {
    name: text(name),
    type: typeOf(stat),
    sizeBytes: stat.size,
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    modifiedAt: stat.mtime.toISOString(),
    linkTarget: text(linkTarget),
  };
}

/** `child`: a path whose last component is not followed. */
export function statChild(child: string): FileStat {
  const stat = lstatSync(toFsPath(child));
  const target = stat.isSymbolicLink() ? readlinkSync(toFsPath(child), { encoding: 'latin1' }) : '';
  return describe(baseOf(child), stat, target);
}

export function statInRoot(rootFd: number, path: string, followLink: boolean): FileStat {
  if (path !== '' && !followLink) {
    using parent = pinParent(rootFd, path);
    return statChild(parent.child);
  }
  using file = pin(rootFd, path, { followLink: true });
  return describe(path === '' ? '/' : baseOf(path), statSync(file.path), '');
}
