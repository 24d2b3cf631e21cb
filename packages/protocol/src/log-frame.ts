import { encodeFrame, frameType, type Frame } from './frames.ts';

/** A log entry but for its bytes. */
export interface LogEntryHead {
  /** ISO 8601 with nanoseconds. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** Goes into `after` of a later request. */
  readonly cursor: string;
  readonly containerId: string;
}

/** A log entry as a client gets it: `data` has its line end, unless the process did not write one. */
export interface LogEntry extends LogEntryHead {
  readonly data: Uint8Array;
}

const lengthBytes = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeLogEntry({ time, stream, cursor, containerId, data }: LogEntry): Uint8Array {
  const head = encoder.encode(JSON.stringify({ time, stream, cursor, containerId } satisfies LogEntryHead));
  const payload = new Uint8Array(lengthBytes + head.length + data.length);
  new DataView(payload.buffer).setUint32(0, head.length);
  payload.set(head, lengthBytes);
  payload.set(data, lengthBytes + head.length);
  return encodeFrame(frameType.log, payload);
}

export function decodeLogEntry({ payload }: Frame): LogEntry {
  const dataStart = lengthBytes + new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getUint32(0);
  const head = JSON.parse(decoder.decode(payload.subarray(lengthBytes, dataStart))) as LogEntryHead;
  return { ...head, data: payload.subarray(dataStart) };
}
