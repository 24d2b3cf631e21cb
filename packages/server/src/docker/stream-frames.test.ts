import { expect, test } from 'vitest';
import { frameOutput } from './stream-frames.ts';

test('a frame is the stream, three zeros, the length and the bytes', () => {
  expect([...frameOutput({ stream: 'stderr', data: Buffer.from('ab') }, false)]).toEqual([2, 0, 0, 0, 0, 0, 0, 2, 97, 98]);
});

test('what a terminal shows has no frame', () => {
  expect(frameOutput({ stream: 'stdout', data: Buffer.from('ab') }, true).toString()).toBe('ab');
});

test('a long piece becomes frames of at most 32 KiB, which hold all of it', () => {
  const data = Buffer.from(Array.from({ length: 70_000 }, (_none, index) => index % 251));
  const framed = frameOutput({ stream: 'stdout', data }, false);
  const pieces: Buffer[] = [];
  for (let at = 0; at < framed.length; at += 8 + framed.readUInt32BE(at + 4)) {
    pieces.push(framed.subarray(at + 8, at + 8 + framed.readUInt32BE(at + 4)));
  }
  expect(pieces.map(({ length }) => length)).toEqual([32_768, 32_768, 4464]);
  expect(Buffer.concat(pieces).equals(data)).toBe(true);
});
