import { JockerError } from '../errors/jocker-error.ts';

/**
 * Names in a layer are bytes, not text. Inside this folder a path is a string with one character for each byte (latin1):
 * it can be a key, be cut at slashes and be joined, and it loses nothing.
 */
export function toFsPath(path: string): string | Buffer {
  // oxlint-disable-next-line no-control-regex -- the test is for ASCII
  return /^[\x00-\x7f]*$/.test(path) ? path : Buffer.from(path, 'latin1');
}

/** A path of the file system, as a string of its bytes. */
export function fromFsPath(path: string): string {
  return Buffer.from(path).toString('latin1');
}

/** For messages. */
export function showPath(path: string): string {
  return JSON.stringify(Buffer.from(path, 'latin1').toString());
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/**
 * The path of an entry, relative to the root and without `.`, `..` and empty components; '' is the root itself.
 * Absolute paths begin at the root. One that climbs above the root is refused: no honest archive has it.
 */
export function cleanEntryPath(path: Buffer): string {
  if (path.includes(0)) throw new JockerError('data-loss', 'a layer entry has a name with a NUL byte');
  const clean: string[] = [];
  for (const component of path.toString('latin1').split('/')) {
    if (component === '' || component === '.') continue;
    if (component !== '..') clean.push(component);
    else if (clean.pop() === undefined) {
      throw new JockerError('data-loss', `the layer entry ${showPath(path.toString('latin1'))} leads out of the root`);
    }
  }
  return clean.join('/');
}
