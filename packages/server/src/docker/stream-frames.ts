import type { OutputChunk } from '@jocker/core';

const streamNumbers = { stdout: 1, stderr: 2 } as const;
/** Clients read a frame whole before they pass it on. */
const frameBytesMax = 32 * 1024;

/** Docker's stdcopy framing: stream, three zeros, length (big endian), bytes. With a tty the bytes go as they are. */
export function frameOutput({ stream, data }: Pick<OutputChunk, 'stream' | 'data'>, tty: boolean): Buffer {
  if (tty) return data;
  const pieces: Buffer[] = [];
  for (let at = 0; at < data.length || at === 0; at += frameBytesMax) {
    const piece = data.subarray(at, at + frameBytesMax);
    const header = Buffer.alloc(8);
    header[0] = streamNumbers[stream];
    header.writeUInt32BE(piece.length, 4);
    pieces.push(header, piece);
  }
  return Buffer.concat(pieces);
}

/** What the two framings are called since API 1.42. */
export const streamContentType = (tty: boolean): string =>
  tty ? 'application/vnd.docker.raw-stream' : 'application/vnd.docker.multiplexed-stream';
