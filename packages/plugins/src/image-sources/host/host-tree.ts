import { lstat, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { JockerError, type ImageFile } from '@jocker/core';
import { libraryDirectories } from './library-directories.ts';
import { readElf, type ElfFile } from './read-elf.ts';

const fileBytesMax = 512 * 1024 * 1024;
/** In the image these are always links into /usr, whatever this machine does. */
export const mergedDirectories: readonly string[] = ['bin', 'sbin', 'lib', 'lib32', 'lib64'];

/** Programs of this machine with everything that they need to start, collected into a tree. */
export class HostTree {
  /** What goes into the image, by absolute path in it. */
  readonly files: Map<string, ImageFile> = new Map();
  readonly #searchPath: readonly string[];
  #libraryDirectories: Promise<readonly string[]> | undefined;

  constructor(searchPath: string) {
    this.#searchPath = searchPath.split(delimiter).filter((directory) => directory.startsWith('/'));
  }

  /** Adds a program by name or absolute path; gives its path in the image. Throws `not-found`. */
  async addProgram(name: string): Promise<string> {
    const path = await this.#find(name);
    await this.#addPath(path);
    return inImage(path);
  }

  set(path: string, file: ImageFile): void {
    if (!this.files.has(path)) this.files.set(path, file);
  }

  async #find(name: string): Promise<string> {
    const candidates = name.startsWith('/') ? [name] : this.#searchPath.map((directory) => join(directory, name));
    for (const candidate of candidates) {
      const found = await stat(candidate).catch(() => undefined);
      if (found?.isFile() === true && (found.mode & 0o111) !== 0) return candidate;
    }
    throw new JockerError('not-found', `there is no program "${name}" on this host`, { details: { program: name } });
  }

  /** A path with the links that lead to it, and what the file at its end needs. */
  async #addPath(path: string): Promise<void> {
    const place = join(await realpath(dirname(path)), basename(path));
    const image = inImage(place);
    if (this.files.has(image)) return;
    if ((await lstat(place)).isSymbolicLink()) {
      const target = await readlink(place);
      this.files.set(image, { type: 'symlink', target });
      await this.#addPath(resolve(dirname(place), target));
      return;
    }
    const { size, mode } = await stat(place);
    if (size > fileBytesMax)
      throw new JockerError('resource-exhausted', `${place} has ${size} bytes, too many for an image of host programs`);
    const content = await readFile(place);
    // Setuid bits of the host's programs have no business in an image that nobody reviewed.
    this.files.set(image, { type: 'file', content, mode: mode & 0o755 });
    await this.#addNeeds(place, content);
  }

  async #addNeeds(place: string, content: Buffer): Promise<void> {
    if (content.subarray(0, 2).toString() === '#!') {
      const [interpreter, argument] = content.subarray(2, 256).toString('utf8').split('\n', 1)[0]?.trim().split(/\s+/) ?? [];
      if (interpreter !== undefined && interpreter !== '') await this.addProgram(interpreter);
      if (interpreter !== undefined && basename(interpreter) === 'env' && argument !== undefined) await this.addProgram(argument);
      return;
    }
    const elf = readElf(content);
    if (elf === undefined) return;
    if (elf.interpreter !== undefined) await this.#addPath(elf.interpreter);
    for (const library of elf.needed) await this.#addLibrary(library, elf, place);
  }

  async #addLibrary(library: string, elf: ElfFile, place: string): Promise<void> {
    this.#libraryDirectories ??= libraryDirectories();
    const origin = dirname(place);
    const own = elf.searchPath.map((path) => path.replace(/\$\{?ORIGIN\}?/, origin));
    const candidates = library.includes('/')
      ? [library]
      : [...own, ...(await this.#libraryDirectories)].map((directory) => join(directory, library));
    for (const candidate of candidates) {
      const content = await readFile(candidate).catch(() => undefined);
      // Directories of several architectures stand in one list.
      if (content === undefined || readElf(content)?.kind !== elf.kind) continue;
      await this.#addPath(candidate);
      return;
    }
    throw new JockerError('not-found', `library ${library}, which ${place} needs, is not on this host`, {
      details: { library, program: place },
    });
  }
}

function inImage(path: string): string {
  const [, first = ''] = path.split('/');
  return mergedDirectories.includes(first) ? `/usr${path}` : path;
}
