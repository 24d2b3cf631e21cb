import { closeSync, constants } from 'node:fs';
import { native } from '@jocker/native';
import { JockerError } from '../../errors/jocker-error.ts';
import { fromFsPath, parentOf, toFsPath } from '../../layer/byte-path.ts';

/**
 * Paths of a container, while processes in it may swap any component for a symlink at any moment (CVE-2018-15664). The
 * kernel resolves each path once, inside the root (openat2), into a descriptor; everything after that goes through the
 * descriptor: `/proc/self/fd/N/name`, where `name` is never followed. Paths are strings of bytes (latin1) without a
 * leading slash, '' being the root.
 */
const inRoot = 0x10;
/** `/proc/1/root` and `/proc/self/fd/3` jump to where they want. */
const noMagicLinks = 0x02;
const noCrossing = 0x01;
const beneath = 0x08;
const noSymlinks = 0x04;
const openPath = 0x20_0000;

export interface Pinned extends Disposable {
  readonly fd: number;
  /** For calls that follow: the very object that was pinned. */
  readonly path: string;
}

function pinned(fd: number): Pinned {
  return { fd, path: `/proc/self/fd/${fd}`, [Symbol.dispose]: () => closeSync(fd) };
}

export function cleanContainerPath(path: string): string {
  if (path.includes('\0')) throw new JockerError('invalid-argument', 'the path has a NUL byte');
  const clean: string[] = [];
  for (const component of fromFsPath(path).split('/')) {
    if (component === '..') clean.pop();
    else if (component !== '' && component !== '.') clean.push(component);
  }
  return clean.join('/');
}

export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

const orDot = (path: string): string | Buffer => (path === '' ? '.' : toFsPath(path));

export function pin(rootFd: number, path: string, options: { readonly followLink: boolean; readonly directory?: boolean }): Pinned {
  const flags = openPath | (options.followLink ? 0 : constants.O_NOFOLLOW) | (options.directory === true ? constants.O_DIRECTORY : 0);
  return pinned(native().openat2(rootFd, orDot(path), flags, 0, inRoot | noMagicLinks));
}

/** The directory that holds the path's last component, and a path to that component which no call may follow. */
export function pinParent(rootFd: number, path: string): Pinned & { readonly child: string } {
  if (path === '') throw new JockerError('invalid-argument', 'the root directory cannot be changed so');
  const parent = pin(rootFd, parentOf(path), { followLink: true, directory: true });
  return { ...parent, child: `${parent.path}/${baseOf(path)}` };
}

/** A directory by its name in another; EXDEV when something is mounted there and it must not be crossed. */
export function openChildDirectory(parentFd: number, name: string, options: { readonly crossMounts: boolean }): Pinned {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  return pinned(native().openat2(parentFd, toFsPath(name), flags, 0, beneath | noSymlinks | (options.crossMounts ? 0 : noCrossing)));
}

/** The file that was pinned, for reading or writing. Only of regular files: opening a device or FIFO does things. */
export function reopenFile(file: Pinned, flags: number): Pinned {
  return pinned(native().openat2(-100, file.path, flags | constants.O_NONBLOCK, 0, 0));
}

/** A regular file by its name in a directory; ELOOP for a symlink. */
export function openChildFile(parentFd: number, name: string): Pinned {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
  return pinned(native().openat2(parentFd, toFsPath(name), flags, 0, beneath | noSymlinks));
}
