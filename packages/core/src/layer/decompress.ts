import { open } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { decompressWithProgram } from './decompress-with-program.ts';
import { decompressZstd } from './decompress-zstd.ts';

export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

const magics: readonly (readonly [Compression, Buffer])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ['bzip2', Buffer.from('BZh')],
];
export const longestMagicBytes = 6;

/** By the first bytes; media types and file names lie too often. A zstd file may begin with a skippable frame. */
export function detectCompression(start: Buffer): Compression {
  if (start.length >= 4 && (start.readUInt32LE(0) & 0xffff_fff0) >>> 0 === 0x184d_2a50) return 'zstd';
  return magics.find(([, magic]) => start.subarray(0, magic.length).equals(magic))?.[0] ?? 'none';
}

/** A stage of stream.pipeline. */
export type Decompressor = Transform | ((source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>);

/** Undefined for `none`. The chunk size matters: node's default of 16 KiB costs a factor of 2. */
export function createDecompressor(compression: Compression): Decompressor | undefined {
  switch (compression) {
    case 'none':
      return undefined;
    case 'gzip':
      return createGunzip({ chunkSize: 1 << 20 });
    case 'zstd':
      return decompressZstd;
    case 'xz':
    case 'bzip2':
      return decompressWithProgram(compression);
  }
}

export async function detectFileCompression(path: string): Promise<Compression> {
  await using file = await open(path);
  const start = Buffer.alloc(longestMagicBytes);
  const { bytesRead } = await file.read(start, 0, start.length, 0);
  return detectCompression(start.subarray(0, bytesRead));
}

/** The errors of zlib say that the data is broken; everything else is what it is. */
export function isBrokenData(error: unknown): boolean {
  const code = String((error as NodeJS.ErrnoException).code);
  return code.startsWith('Z_') || code.startsWith('ZSTD_') || code.startsWith('ERR_ZSTD') || code === 'ERR_TRAILING_JUNK_AFTER_STREAM_END';
}
