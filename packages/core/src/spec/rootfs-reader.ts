import { closeSync, constants, fstatSync, lstatSync, read, readlinkSync, type Stats } from 'node:fs';
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

/** What was found at paths without links in them; a reader lives for one create, in which every mutator asks for /etc. */
type Known = Map<string, Found | undefined>;

/**
 * Looks into a root file system that need not be mounted: `directories` are the upper directory and then the layers, top
 * first, with overlay's whiteouts and opaque marks; or one plain directory. A container may be running on it and change
 * links under our hands: every folder is opened by an openat2 that refuses links, names are looked at below its descriptor,
 * and a file is opened the same way, so that a lost race reads nothing rather than a file of the host. The calls that tell
 * what is there are synchronous: a few microseconds each for what the kernel knows, far less than a turn on a thread.
 */
export function createRootfsReader(directories: readonly string[]): RootfsReader {
  const known: Known = new Map();
  return {
    async readFile(path) {
      using walk = new Walk(directories, known);
      const { found, resolved } = walk.to(path);
      if (found?.kind !== 'file') return undefined;
      return await walk.readFile(found.layer, resolved);
    },
    async stat(path) {
      using walk = new Walk(directories, known);
      const { found } = walk.to(path);
      return found?.kind === 'symlink' ? undefined : found?.kind;
    },
    async resolve(path) {
      using walk = new Walk(directories, known);
      const { resolved, inside } = walk.to(path);
      return inside ? `/${resolved}` : undefined;
    },
  };
}

class Walk implements Disposable {
  readonly #directories: readonly string[];
  readonly #known: Known;
  /** Folders of layers by `LAYER/path`; undefined for one that is no longer there. */
  readonly #folders = new Map<string, number | undefined>();

  constructor(directories: readonly string[], known: Known) {
    this.#directories = directories;
    this.#known = known;
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#folders.values()) if (descriptor !== undefined) closeSync(descriptor);
    this.#folders.clear();
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
      const layers = parent?.kind === 'directory' && !name.includes('\0') ? parent.layers : [];
      const found = this.#look(layers, names.join('/'), name);
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
    const [parent, name] = splitPath(path);
    const folder = this.#folder(layer, parent);
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;
    const descriptor = folder === undefined ? undefined : openStrictly(folder, name, flags);
    if (descriptor === undefined) return undefined;
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) return undefined;
      if (stats.size > maximumFileBytes) throw tooLarge(path);
      // A regular file gives less than asked for only at its end: one call is the whole of it.
      const buffer = Buffer.alloc(stats.size);
      const { bytesRead } = await readDescriptor(descriptor, buffer, 0, buffer.length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      closeSync(descriptor);
    }
  }

  #look(layers: readonly number[], parent: string, name: string): Found | undefined {
    if (layers.length === 0) return undefined;
    const path = parent === '' ? name : `${parent}/${name}`;
    if (!this.#known.has(path)) this.#known.set(path, this.#lookAfresh(layers, parent, name));
    return this.#known.get(path);
  }

  /** What the overlay of the layers that have the parent shows at one name in it. */
  #lookAfresh(layers: readonly number[], parent: string, name: string): Found | undefined {
    const merged: number[] = [];
    for (const [place, layer] of layers.entries()) {
      const stats = this.#stat(layer, parent, name);
      if (stats === undefined) continue;
      // Asked late, because nearly always there is nothing to hide.
      if (layers.slice(0, place).some((above) => this.#isOpaque(above, parent))) break;
      if (stats.isDirectory()) merged.push(layer);
      else if (merged.length > 0 || (stats.isCharacterDevice() && stats.rdev === 0)) break;
      else return { kind: stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'symlink' : 'other', layer };
    }
    return merged.length === 0 ? undefined : { kind: 'directory', layers: merged };
  }

  #stat(layer: number, parent: string, name: string): Stats | undefined {
    const folder = this.#folder(layer, parent);
    if (folder === undefined) return undefined;
    try {
      return lstatSync(`/proc/self/fd/${folder}/${name}`, { throwIfNoEntry: false });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  #readLink(layer: number, parent: string, name: string): string | undefined {
    const folder = this.#folder(layer, parent);
    if (folder === undefined) return undefined;
    try {
      return readlinkSync(`/proc/self/fd/${folder}/${name}`);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  #isOpaque(layer: number, path: string): boolean {
    const folder = this.#folder(layer, path);
    // The trailing dot goes through the link in /proc to the folder itself.
    return folder !== undefined && isMarkedOpaque(`/proc/self/fd/${folder}/.`);
  }

  #folder(layer: number, path: string): number | undefined {
    const key = `${layer}/${path}`;
    if (!this.#folders.has(key)) this.#folders.set(key, this.#openFolder(layer, path));
    return this.#folders.get(key);
  }

  #openFolder(layer: number, path: string): number | undefined {
    const flags = openPathOnly | constants.O_DIRECTORY;
    if (path === '') return native().openat2(currentDirectory, this.#directories[layer] ?? '', flags, 0, 0);
    const root = this.#folder(layer, '');
    return root === undefined ? undefined : openStrictly(root, path, flags | constants.O_NOFOLLOW);
  }
}

function splitPath(path: string): readonly [parent: string, name: string] {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

function openStrictly(folder: number, path: string, flags: number): number | undefined {
  try {
    return native().openat2(folder, path, flags, 0, resolveStrictly);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const opaqueMarks = ['trusted.overlay.opaque', 'user.overlay.opaque'];

function isMarkedOpaque(path: string): boolean {
  try {
    return native()
      .llistxattr(path)
      .some((name) => opaqueMarks.includes(name.toString('latin1')) && native().lgetxattr(path, name).toString('latin1') === 'y');
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** ELOOP and EXDEV: a link appeared where there was none; EINVAL: it became something else between two calls. */
function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV', 'EINVAL', 'EAGAIN', 'ENXIO', 'ENAMETOOLONG', 'ENODATA', 'ENOTSUP'].includes(code);
}

function tooLarge(path: string): JockerError {
  return new JockerError('resource-exhausted', `/${path} in the image is larger than ${maximumFileBytes} bytes`);
}
