import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame, encodeJsonFrame, FrameDecoder, frameType, jsonOfFrame, type Frame } from './frames.ts';
import { decodeLogEntry, encodeLogEntry } from './log-frame.ts';

const concat = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

describe('frames', () => {
  test('come out as they went in, wherever the bytes are cut', () => {
    const frames = fc.array(fc.record({ type: fc.constantFrom(...Object.values(frameType)), payload: fc.uint8Array({ maxLength: 300 }) }));
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 40 })), (sent, cuts) => {
        const bytes = concat(sent.map(({ type, payload }) => encodeFrame(type, payload)));
        const decoder = new FrameDecoder();
        const got: Frame[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          for (const { type, payload } of decoder.push(bytes.subarray(at, at + cut))) got.push({ type, payload: new Uint8Array(payload) });
          at = Math.min(bytes.length, at + cut);
        }
        expect(got).toEqual(sent.map(({ type, payload }) => ({ type, payload: new Uint8Array(payload) })));
        expect(decoder.idle).toBe(true);
      }),
    );
  });

  test('that are not complete leave the decoder not idle', () => {
    const decoder = new FrameDecoder();
    expect([...decoder.push(encodeFrame(frameType.stdout, new Uint8Array(3)).subarray(0, 6))]).toEqual([]);
    expect(decoder.idle).toBe(false);
  });

  test('that announce more than anyone sends are refused', () => {
    expect(() => [...new FrameDecoder().push(Uint8Array.of(3, 0xff, 0xff, 0xff, 0xff))]).toThrow(RangeError);
  });

  test('carry JSON and log entries', () => {
    const [frame] = new FrameDecoder().push(encodeJsonFrame(frameType.exit, { exitCode: 3 }));
    expect(jsonOfFrame(frame as Frame)).toEqual({ exitCode: 3 });
    const entry = {
      time: '2026-01-01T00:00:00.000000000Z',
      stream: 'stderr',
      cursor: 'a:1',
      containerId: 'é',
      data: Uint8Array.of(0, 255, 10),
    } as const;
    const [log] = new FrameDecoder().push(encodeLogEntry(entry));
    expect(decodeLogEntry(log as Frame)).toEqual(entry);
  });
});
