/** One record of the monitor's log (`TIME STREAM F|P TEXT\n`); `P` is the part of a line whose end was not written (yet). */
export interface LogRecord {
  /** ISO 8601 with nanoseconds, in UTC. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** What the process wrote, with its line end if it wrote one. */
  readonly data: Buffer;
  readonly partial: boolean;
  /** Offset in the file behind the record. */
  readonly end: number;
}

const newline = 0x0a;
const space = 0x20;
const upperP = 0x50;
const letterO = 0x6f;
const letterE = 0x65;
const digit0 = 0x30;
const plus = 0x2b;
/** `2026-11-27T12:00:00.000000000+00:00` */
const timeLength = 35;
const offsetStart = 29;
const streamLength = 6;
const flagStart = timeLength + 1 + streamLength + 1;
const textStart = flagStart + 2;

/**
 * The record in `bytes` from `start` to `end`, which is the position of its line end; `bytes` begins at `base` in the file.
 * A view, no copy. Undefined when it is not a record: what a crash of the machine left.
 */
export function parseLogRecord(bytes: Buffer, start: number, end: number, base: number): LogRecord | undefined {
  if (end - start < textStart || bytes[start + timeLength] !== space || bytes[start + flagStart + 1] !== space) return undefined;
  // "std|o|ut" and "std|e|rr" differ at one place.
  const mark = bytes[start + timeLength + 4];
  if (mark !== letterO && mark !== letterE) return undefined;
  const partial = bytes[start + flagStart] === upperP;
  return {
    time: timeOf(bytes, start),
    stream: mark === letterE ? 'stderr' : 'stdout',
    data: bytes.subarray(start + textStart, partial || bytes[end] !== newline ? end : end + 1),
    partial,
    end: base + Math.min(end + 1, bytes.length),
  };
}

/** Monitors write UTC; anything else was written by hand or by another program. */
function timeOf(bytes: Buffer, start: number): string {
  const zone = start + offsetStart;
  const utc = bytes[zone] === plus && bytes[zone + 1] === digit0 && bytes[zone + 2] === digit0 && bytes[zone + 4] === digit0;
  const local = bytes.toString('latin1', start, zone);
  if (utc && bytes[zone + 5] === digit0) return `${local}Z`;
  const time = new Date(local.slice(0, 23) + bytes.toString('latin1', zone, start + timeLength));
  return Number.isNaN(time.getTime()) ? `${local}Z` : `${time.toISOString().slice(0, 20)}${local.slice(20)}Z`;
}
