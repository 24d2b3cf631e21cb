import { closeSync, constants, fstatSync, read, readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { native } from '@jocker/native';
import { JockerError } from '../errors/jocker-error.ts';
import type { RootfsReader } from './spec-mutator.ts';

const readDescriptor = promisify(read);

const maximumFileBytes = 1024 * 1024;
const maximumLinks = 40;

/** O_PATH has the same value on every architecture that Node runs on, but Node does not name it. */
const openPathOnly = 0o1000_0000;
const currentDirectory = -100;
/** RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS: links are followed here, by hand, never by the kernel. */
const resolveStrictly = 0x08 | 0x04 | 0x02;

type Found =
  | { readonly kind: 'directory'; readonly layers: readonly number[] }
  | { readonly kind: 'file' | 'symlink' | 'other'; readonly layer: number };

/**
 * Looks into a root file system that need not be mounted: `directories` are the upper directory and then the layers, top
 * first, with overlay's whiteouts and opaque marks; or one plain directory. A container may be running on it and change
 * links under our hands: each step is an openat2 below the layer's own descriptor that refuses links, so that a lost race
 * reads nothing rather than a file of the host.
 */
export function createRootfsReader(directories: readonly string[]): RootfsReader {
  return {
    async readFile(path) {
      using walk = new Walk(directories);
      const { found, resolved } = walk.to(path);
      if (found?.kind !== 'file') return undefined;
      return await walk.readFile(found.layer, resolved);
    },
    async stat(path) {
      using walk = new Walk(directories);
      const { found } = walk.to(path);
      return found?.kind === 'symlink' ? undefined : found?.kind;
    },
    async resolve(path) {
      using walk = new Walk(directories);
      const { resolved, inside } = walk.to(path);
      return inside ? `/${resolved}` : undefined;
    },
  };
}

class Walk implements Disposable {
  readonly #directories: readonly string[];
  readonly #roots = new Map<number, number>();

  constructor(directories: readonly string[]) {
    this.#directories = directories;
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#roots.values()) closeSync(descriptor);
    this.#roots.clear();
  }

  /** Component by component, as the kernel would in a chroot; `inside` is false when a link climbed above the root or there were too many. */
  to(path: string): { readonly found: Found | undefined; readonly resolved: string; readonly inside: boolean } {
    const top: Found = { kind: 'directory', layers: this.#directories.map((_, layer) => layer) };
    const names: string[] = [];
    const trail: (Found | undefined)[] = [top];
    const pending = path.split('/').toReversed();
    let inside = true;
    let links = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (names.pop() === undefined) inside = false;
        else trail.pop();
        continue;
      }
      const parent = trail.at(-1);
      const found =
        parent?.kind === 'directory' && !name.includes('\0') ? this.#look(parent.layers, [...names, name].join('/')) : undefined;
      if (found?.kind === 'symlink') {
        links += 1;
        const target = this.#readLink(found.layer, names.join('/'), name);
        if (links > maximumLinks || target === undefined) return { found: undefined, resolved: names.join('/'), inside: false };
        if (target.startsWith('/')) {
          names.length = 0;
          trail.length = 1;
        }
        pending.push(...target.split('/').toReversed());
        continue;
      }
      names.push(name);
      trail.push(found);
    }
    return { found: trail.at(-1), resolved: names.join('/'), inside };
  }

  async readFile(layer: number, path: string): Promise<Buffer | undefined> {
    const descriptor = this.#open(layer, path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY);
    if (descriptor === undefined) return undefined;
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) return undefined;
      if (stats.size > maximumFileBytes) throw tooLarge(path);
      const buffer = Buffer.alloc(Math.min(stats.size, maximumFileBytes) + 1);
      let length = 0;
      while (length < buffer.length) {
        const { bytesRead } = await readDescriptor(descriptor, buffer, length, buffer.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      if (length > maximumFileBytes) throw tooLarge(path);
      return buffer.subarray(0, length);
    } finally {
      closeSync(descriptor);
    }
  }

  /** What the overlay of these layers shows at a path without links in it. */
  #look(layers: readonly number[], path: string): Found | undefined {
    const merged: number[] = [];
    for (const layer of layers) {
      const descriptor = this.#open(layer, path, openPathOnly | constants.O_NOFOLLOW);
      if (descriptor === undefined) continue;
      try {
        const stats = fstatSync(descriptor);
        if (stats.isDirectory()) {
          merged.push(layer);
          if (layers.length > 1 && isOpaque(descriptor)) break;
          continue;
        }
        if (merged.length > 0 || (stats.isCharacterDevice() && stats.rdev === 0)) break;
        return { kind: stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'symlink' : 'other', layer };
      } finally {
        closeSync(descriptor);
      }
    }
    return merged.length === 0 ? undefined : { kind: 'directory', layers: merged };
  }

  #readLink(layer: number, parent: string, name: string): string | undefined {
    const descriptor = this.#open(layer, parent === '' ? '.' : parent, openPathOnly | constants.O_DIRECTORY);
    if (descriptor === undefined) return undefined;
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}/${name}`);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  #open(layer: number, path: string, flags: number): number | undefined {
    try {
      return native().openat2(this.#root(layer), path, flags, 0, resolveStrictly);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  #root(layer: number): number {
    const known = this.#roots.get(layer);
    if (known !== undefined) return known;
    const descriptor = native().openat2(currentDirectory, this.#directories[layer] ?? '', openPathOnly | constants.O_DIRECTORY, 0, 0);
    this.#roots.set(layer, descriptor);
    return descriptor;
  }
}

function isOpaque(descriptor: number): boolean {
  return ['trusted.overlay.opaque', 'user.overlay.opaque'].some((name) => {
    try {
      // The trailing dot goes through the link in /proc to the directory itself.
      return native().lgetxattr(`/proc/self/fd/${descriptor}/.`, name).toString('latin1') === 'y';
    } catch {
      return false;
    }
  });
}

/** ELOOP and EXDEV: a link appeared where there was none; EINVAL: it became something else between two calls. */
function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV', 'EINVAL', 'EAGAIN', 'ENXIO', 'ENAMETOOLONG'].includes(code);
}

function tooLarge(path: string): JockerError {
  return new JockerError('resource-exhausted', `/${path} in the image is larger than ${maximumFileBytes} bytes`);
}
