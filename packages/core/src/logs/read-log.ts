import type { LogEntry } from '../engine/engine.ts';
import { openLogFiles, parseLogCursor, type LogCursor, type LogFile } from './log-files.ts';
import { createLogReader } from './log-reader.ts';
import type { LogRecord } from './log-record.ts';
import { tailPosition } from './tail-position.ts';
import { watchLog, type LogChanges } from './watch-log.ts';

export interface ReadLogOptions {
  readonly containerId: string;
  /** The file that is written to; older ones stand beside it. */
  readonly path: string;
  /** Go on when all is read, until this settles (the container's exit is known) and the rest is read. */
  readonly followUntil?: Promise<unknown>;
  readonly since?: Date;
  readonly until?: Date;
  /** Last lines only, of the wanted streams and times. */
  readonly tail?: number;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  /** Entries after the one with this cursor; everything that is kept, when the file it was in is gone. */
  readonly after?: string;
  /** Ends the reading, quietly. */
  readonly signal?: AbortSignal;
}

/** Entries of a container's log in order, over rotated files, byte for byte what the process wrote. */
export async function* readLog(options: ReadLogOptions): AsyncGenerator<LogEntry, void, undefined> {
  const { containerId, path, followUntil, signal, until } = options;
  const isWanted = filterOf(options);
  const last = until === undefined ? undefined : comparable(until);
  using changes = followUntil === undefined ? undefined : watchLog({ path, followUntil, signal, until });
  let seen = changes?.count ?? 0;
  let files = await openLogFiles(path);
  try {
    let place = await startOf(files, options, isWanted);
    for (;;) {
      const from = files.findIndex(({ identity }) => identity === place?.identity);
      for (const [index, file] of files.entries()) {
        if (index < from) continue;
        const reader = createLogReader(file, index === from ? (place?.offset ?? 0) : 0);
        for await (const batch of batchesOf(reader, file, index === files.length - 1 ? changes : undefined)) {
          for (const record of batch) {
            if (signal?.aborted === true || (last !== undefined && record.time > last)) return;
            if (isWanted(record)) yield entryOf(record, file, containerId);
          }
        }
        place = { identity: file.identity, offset: reader.offset };
      }
      if (changes === undefined || signal?.aborted === true) return;
      if (files.length === 0 && !changes.over) await changes.beyond(seen);
      await closeAll(files);
      seen = changes.count;
      files = await openLogFiles(path);
      if (changes.over && (files.length === 0 || files.at(-1)?.identity === place?.identity)) return;
    }
  } finally {
    await closeAll(files);
  }
}

/** To the file's end, and as long as `changes` says that more may come, beyond it. */
async function* batchesOf(
  reader: ReturnType<typeof createLogReader>,
  file: LogFile,
  changes: LogChanges | undefined,
): AsyncGenerator<readonly LogRecord[], void, undefined> {
  let final = changes === undefined;
  for (;;) {
    const seen = changes?.count ?? 0;
    const batch = await reader.next(final);
    if (batch !== undefined) yield batch;
    else if (final || changes === undefined) return;
    // What was written before the container ended, or before the next file was made, may have come after the last read.
    else if (changes.over || (await changes.isReplaced(file.identity))) final = true;
    else await changes.beyond(seen);
  }
}

async function startOf(
  files: readonly LogFile[],
  options: ReadLogOptions,
  isWanted: (record: LogRecord) => boolean,
): Promise<LogCursor | undefined> {
  if (options.after !== undefined) return parseLogCursor(options.after);
  if (options.tail !== undefined) return await tailPosition(files, options.tail, isWanted);
  const since = options.since?.getTime();
  // Nothing in a file is younger than the file itself.
  const first = files.find((file) => since === undefined || file.modifiedAtMs >= since) ?? files.at(-1);
  return first === undefined ? undefined : { identity: first.identity, offset: 0 };
}

function filterOf(options: ReadLogOptions): (record: LogRecord) => boolean {
  const { stdout = true, stderr = true } = options;
  const since = options.since === undefined ? undefined : comparable(options.since);
  const until = options.until === undefined ? undefined : comparable(options.until);
  return ({ stream, time }) =>
    (stream === 'stdout' ? stdout : stderr) && (since === undefined || time >= since) && (until === undefined || time <= until);
}

/** As records have it, so that strings compare like times. */
function comparable(time: Date): string {
  return `${time.toISOString().slice(0, -1)}000000Z`;
}

function entryOf(record: LogRecord, file: LogFile, containerId: string): LogEntry {
  return {
    time: record.time,
    stream: record.stream,
    data: record.data,
    cursor: `${file.identity}.${record.end}`,
    containerId,
  };
}

async function closeAll(files: readonly LogFile[]): Promise<void> {
  await Promise.all(files.map((file) => file[Symbol.asyncDispose]()));
}
