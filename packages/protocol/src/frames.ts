/**
 * Frames on a connection of attach or exec, and in a stream of logs: one byte of type, four of length (big-endian), the
 * payload. Unknown types are skipped, so that either side may learn new ones.
 */
export const frameType = {
  /** Client to engine: bytes for the process. */
  stdin: 0,
  /** Client to engine: no more stdin. The process reads end of file, its output goes on. */
  stdinEnd: 1,
  /** Client to engine: JSON `TerminalSize`. */
  resize: 2,
  stdout: 3,
  stderr: 4,
  /** JSON `{ exitCode }`; the last frame of a process that ended. */
  exit: 5,
  /** JSON `ErrorBody`; the last frame of a stream that failed. */
  error: 6,
  /** One log entry: four bytes of length, JSON `LogEntryHead` of that length, the data. */
  log: 7,
} as const;

export type FrameType = (typeof frameType)[keyof typeof frameType];

export interface Frame {
  readonly type: number;
  readonly payload: Uint8Array;
}

const headBytes = 5;
/** A peer that announces more is broken; nobody sends chunks of that size. */
const payloadMaxBytes = 16 * 1024 * 1024;

const empty = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeFrame(type: FrameType, payload: Uint8Array = empty): Uint8Array {
  const frame = new Uint8Array(headBytes + payload.length);
  frame[0] = type;
  new DataView(frame.buffer).setUint32(1, payload.length);
  frame.set(payload, headBytes);
  return frame;
}

export function encodeJsonFrame(type: FrameType, value: unknown): Uint8Array {
  return encodeFrame(type, encoder.encode(JSON.stringify(value)));
}

export function jsonOfFrame(frame: Frame): unknown {
  return JSON.parse(decoder.decode(frame.payload)) as unknown;
}

/** Cuts a stream of bytes into frames, however the bytes come. */
export class FrameDecoder {
  #parts: Uint8Array[] = [];
  #have = 0;

  /** True between two frames: a stream that ends elsewhere was cut. */
  get idle(): boolean {
    return this.#have === 0;
  }

  *push(bytes: Uint8Array): Generator<Frame> {
    if (this.#have === 0) this.#parts = [bytes];
    else this.#parts.push(bytes);
    this.#have += bytes.length;
    while (this.#have >= headBytes) {
      const head = this.#join(headBytes);
      const length = new DataView(head.buffer, head.byteOffset).getUint32(1);
      if (length > payloadMaxBytes) throw new RangeError(`a frame of ${length} bytes`);
      if (this.#have < headBytes + length) return;
      const all = this.#join(headBytes + length);
      this.#parts = [all.subarray(headBytes + length)];
      this.#have -= headBytes + length;
      yield { type: all[0] as number, payload: all.subarray(headBytes, headBytes + length) };
    }
  }

  /** Makes the first part hold `length` bytes; joins no more than once per frame. */
  #join(length: number): Uint8Array {
    const first = this.#parts[0] as Uint8Array;
    if (first.length >= length) return first;
    const all = new Uint8Array(this.#have);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    this.#parts = [all];
    return all;
  }
}
