import { JockerError } from '../errors/jocker-error.ts';
import { showPath } from './byte-path.ts';
import type { TarEntry } from './tar-entry.ts';

/** Bounds against hostile layers. Honest ones stay far below. */
export interface LayerLimits {
  /** Uncompressed bytes of the whole archive. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxDepth: number;
  /** Names and values of one entry together. */
  readonly maxXattrBytes: number;
  /** Uncompressed to compressed, once more than `ratioFreeBytes` came out. */
  readonly maxRatio: number;
  readonly ratioFreeBytes: number;
}

export const defaultLayerLimits: LayerLimits = {
  maxBytes: 128 * 2 ** 30,
  maxEntries: 4_000_000,
  maxDepth: 512,
  maxXattrBytes: 256 * 1024,
  maxRatio: 200,
  ratioFreeBytes: 64 * 2 ** 20,
};

/** PATH_MAX of Linux, with the final NUL. */
const longestPathBytes = 4095;

function exhausted(message: string): never {
  throw new JockerError('resource-exhausted', message);
}

export function checkStreamLimits(limits: LayerLimits, compressedBytes: number, bytes: number): void {
  if (bytes > limits.maxBytes) exhausted(`the layer has more than ${limits.maxBytes} bytes`);
  if (bytes > limits.ratioFreeBytes && bytes > limits.maxRatio * compressedBytes) {
    exhausted(`the layer unpacks to more than ${limits.maxRatio} times its size`);
  }
}

/** `path`: cleaned. `rootBytes`: the length of the directory's own path. */
export function checkEntryLimits(limits: LayerLimits, entry: TarEntry, path: string, entries: number, rootBytes: number): void {
  if (entries > limits.maxEntries) exhausted(`the layer has more than ${limits.maxEntries} entries`);
  if (entry.size > limits.maxBytes) exhausted(`the layer entry ${showPath(path)} claims ${entry.size} bytes`);
  if (path.length + rootBytes + 1 > longestPathBytes) exhausted(`a layer entry has a path of ${path.length} bytes`);
  if (path.split('/').length > limits.maxDepth)
    exhausted(`the layer entry ${showPath(path)} lies more than ${limits.maxDepth} folders deep`);
  let xattrBytes = 0;
  for (const [name, value] of entry.xattrs) xattrBytes += name.length + value.length;
  if (xattrBytes > limits.maxXattrBytes) exhausted(`the layer entry ${showPath(path)} has ${xattrBytes} bytes of extended attributes`);
}
