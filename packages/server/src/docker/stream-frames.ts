import type { OutputChunk } from '@jocker/core';
import { isBefore, type ApiVersion } from './translate/older-versions.ts';

const streamNumbers = { stdout: 1, stderr: 2 } as const;
/** Clients read a frame whole before they pass it on. */
const frameBytesMax = 32 * 1024;

/** Docker's stdcopy framing: stream, three zeros, length (big endian), bytes. With a tty the bytes go as they are. */
export function frameOutput({ stream, data }: Pick<OutputChunk, 'stream' | 'data'>, tty: boolean): Buffer {
  if (tty) return data;
  if (data.length <= frameBytesMax) return oneFrame(stream, data);
  const pieces: Buffer[] = [];
  for (let at = 0; at < data.length; at += frameBytesMax) {
    pieces.push(oneFrame(stream, data.subarray(at, at + frameBytesMax)));
  }
  return Buffer.concat(pieces);
}

/** What the two framings are called; until 1.42 both had the one name. */
export const streamContentType = (tty: boolean, version: ApiVersion): string =>
  tty || isBefore(version, 42) ? 'application/vnd.docker.raw-stream' : 'application/vnd.docker.multiplexed-stream';

/** In one piece of memory: there may be a frame for every line of a long log. */
function oneFrame(stream: OutputChunk['stream'], data: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(8 + data.length);
  frame.writeUInt32LE(streamNumbers[stream], 0);
  frame.writeUInt32BE(data.length, 4);
  data.copy(frame, 8);
  return frame;
}
