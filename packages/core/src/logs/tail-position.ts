import { parseLogRecord, type LogRecord } from './log-record.ts';
import type { LogCursor, LogFile } from './log-files.ts';

const blockBytes = 64 * 1024;
const newline = 0x0a;

/**
 * Where the last `lines` lines that are `wanted` begin, read from the end backwards. A line is its record and the parts
 * before it; parts at the very end, whose line has not ended, count as one.
 */
export async function tailPosition(
  files: readonly LogFile[],
  lines: number,
  wanted: (record: LogRecord) => boolean,
): Promise<LogCursor | undefined> {
  let left = lines;
  const ended = new Set<string>();
  for (const file of files.toReversed()) {
    for await (const record of recordsBackwards(file)) {
      if (!wanted(record)) continue;
      const startsLine = !record.partial || !ended.has(record.stream);
      ended.add(record.stream);
      if (!startsLine) continue;
      if (left === 0) return { identity: file.identity, offset: record.end };
      left -= 1;
    }
  }
  const [first] = files;
  return first === undefined ? undefined : { identity: first.identity, offset: 0 };
}

async function* recordsBackwards({ handle }: LogFile): AsyncGenerator<LogRecord> {
  let start = (await handle.stat()).size;
  let rest: Buffer = Buffer.alloc(0);
  while (start > 0 || rest.length > 0) {
    const length = Math.min(blockBytes, start);
    start -= length;
    const block = Buffer.allocUnsafe(length);
    await handle.read(block, 0, length, start);
    const bytes = rest.length === 0 ? block : Buffer.concat([block, rest]);
    let end = bytes.lastIndexOf(newline);
    while (end >= 0) {
      const before = end === 0 ? -1 : bytes.lastIndexOf(newline, end - 1);
      if (before < 0 && start > 0) break;
      const record = parseLogRecord(bytes, before + 1, end, start);
      if (record !== undefined) yield record;
      end = before;
    }
    rest = end < 0 ? Buffer.alloc(0) : bytes.subarray(0, end + 1);
    if (start === 0) return;
  }
}
