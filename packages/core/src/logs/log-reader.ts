import { parseLogRecord, type LogRecord } from './log-record.ts';
import type { LogFile } from './log-files.ts';

/** Reads one file forwards, from where it stopped the last time. */
export interface LogReader {
  /** The next records, undefined at the end of what is written so far. `last`: what has no line end counts as one, too. */
  next(last: boolean): Promise<readonly LogRecord[] | undefined>;
  /** Offset behind all that was given out. */
  readonly offset: number;
}

const chunkBytes = 256 * 1024;
const newline = 0x0a;

export function createLogReader(file: LogFile, offset: number): LogReader {
  /** Read but not parsed: the beginning of a record. */
  let rest: Buffer = Buffer.alloc(0);
  let parsed = offset;

  const parse = (bytes: Buffer): LogRecord[] => {
    const records: LogRecord[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      const record = parseLogRecord(bytes, start, end, parsed);
      start = end + 1;
      if (record !== undefined) records.push(record);
    }
    rest = bytes.subarray(start);
    parsed += start;
    return records;
  };
  const takeRest = (): LogRecord[] | undefined => {
    const record = parseLogRecord(rest, 0, rest.length, parsed);
    parsed += rest.length;
    rest = Buffer.alloc(0);
    return record === undefined ? undefined : [record];
  };

  return {
    get offset() {
      return parsed;
    },
    async next(last) {
      for (;;) {
        // A new one each time: what was given out points into it.
        const chunk = Buffer.allocUnsafe(chunkBytes);
        const { bytesRead } = await file.handle.read(chunk, 0, chunkBytes, parsed + rest.length);
        if (bytesRead === 0) return last ? takeRest() : undefined;
        const read = chunk.subarray(0, bytesRead);
        const records = parse(rest.length === 0 ? read : Buffer.concat([rest, read]));
        if (records.length > 0) return records;
      }
    },
  };
}
