import { constants } from 'node:fs';
import { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { PassThrough, type Readable } from 'node:stream';
import { native } from '@jocker/native';
import { cleanEntryPath } from '../../layer/byte-path.ts';
import { createDecompressor, detectCompression, isBrokenData, longestMagicBytes } from '../../layer/decompress.ts';
import { createTarReader } from '../../layer/tar-reader.ts';
import { createEntryWriter } from '../../layer/write-entry.ts';
import { JockerError } from '../../errors/jocker-error.ts';
import { pin } from './in-root.ts';
import { createLiveTree } from './live-tree.ts';

export interface WriteArchiveOptions {
  readonly noOverwriteDirNonDir: boolean;
  /** Who gets everything; what the archive says when null. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/** The first bytes of a stream, and the stream with them still in it. */
async function peek(source: Readable): Promise<{ readonly start: Buffer; readonly whole: Readable }> {
  const whole = new PassThrough({ highWaterMark: 1 << 20 });
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    parts.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes >= longestMagicBytes) break;
  }
  const start = Buffer.concat(parts);
  whole.write(start);
  if (source.readableEnded) whole.end();
  else pipeline(source, whole).catch((error: Error) => whole.destroy(error));
  return { start, whole };
}

/** Extracts the archive that comes out of the pipe. Entries are written as they come; what went wrong leaves those before it. */
export async function writeArchiveIntoRoot(rootFd: number, target: string, archiveFd: number, options: WriteArchiveOptions): Promise<void> {
  // Before anything is read: a wrong place is the caller's mistake and not the archive's.
  pin(rootFd, target, { followLink: true, directory: true })[Symbol.dispose]();
  // Opened anew, since the socket closes what it got and the caller closes its own.
  const fd = native().openat2(-100, `/proc/self/fd/${archiveFd}`, constants.O_RDONLY | constants.O_NONBLOCK, 0, 0);
  const source = new Socket({ fd, readable: true, writable: false });
  using tree = createLiveTree({ rootFd, target, noOverwriteDirNonDir: options.noOverwriteDirNonDir });
  using writer = createEntryWriter(tree, () => undefined);
  const reader = createTarReader({
    onEntry(entry) {
      const path = cleanEntryPath(entry.path);
      if (path !== '') writer.begin(options.owner === null ? entry : { ...entry, ...options.owner }, path);
    },
    onData: (piece) => writer.data(piece),
    onEntryEnd: () => writer.end(),
  });
  const take = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) reader.push(chunk);
  };
  try {
    const { start, whole } = await peek(source);
    const decompressor = createDecompressor(detectCompression(start));
    await (decompressor === undefined ? pipeline(whole, take) : pipeline(whole, decompressor, take));
    reader.end();
    tree.finish();
  } catch (error) {
    if (isBrokenData(error)) throw new JockerError('data-loss', 'the archive cannot be decompressed', { cause: error });
    throw error;
  } finally {
    source.destroy();
  }
}
