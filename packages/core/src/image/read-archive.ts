import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { Parser, type ReadEntry } from 'tar';
import { JockerError } from '../errors/jocker-error.ts';
import { createDecompressor, detectCompression, longestMagicBytes } from '../layer/decompress.ts';
import { parseJson } from '../oci/foreign-json.ts';

const membersMax = 20_000;
const jsonBytesMax = 16 * 1024 * 1024;

/** The members of an archive of images, as files of a folder of ours. Removed when it is disposed. */
export interface ReadArchive extends AsyncDisposable {
  /** By the member's name; links inside the archive are followed. Undefined for what is no file. */
  file(name: string): { readonly path: string; readonly sizeBytes: number } | undefined;
  /** Undefined when it is not there. Throws `invalid-argument` for what is no JSON. */
  json(name: string): Promise<unknown>;
}

/**
 * Reads a tar, plain or compressed, to its end. Members get names of our own on disk, so that theirs cannot lead anywhere.
 * Throws `invalid-argument` for what is no archive, `data-loss` for one that breaks off.
 */
export async function readArchive(source: Readable, signal: AbortSignal): Promise<ReadArchive> {
  const directory = await mkdtemp(`${tmpdir()}/jocker-archive-`);
  const files = new Map<string, { path: string; sizeBytes: number }>();
  const links = new Map<string, string>();
  try {
    await unpack(source, directory, files, links, signal);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    if (signal.aborted) throw new JockerError('cancelled', 'reading the archive was cancelled', { cause: error });
    throw error;
  }
  const file = (name: string): { path: string; sizeBytes: number } | undefined => {
    let at = normalise(name);
    for (let depth = 0; depth < 8; depth++) {
      const target = links.get(at);
      if (target === undefined) return files.get(at);
      at = target;
    }
    return undefined;
  };
  return {
    file,
    async json(name) {
      const found = file(name);
      if (found === undefined) return undefined;
      if (found.sizeBytes > jsonBytesMax)
        throw new JockerError('resource-exhausted', `${name} in the archive has ${found.sizeBytes} bytes, more than ${jsonBytesMax}`);
      return parseJson(await readFile(found.path), `${name} in the archive`);
    },
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function unpack(
  source: Readable,
  directory: string,
  files: Map<string, { path: string; sizeBytes: number }>,
  links: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  let count = 0;
  const failed = new AbortController();
  const written: Promise<void>[] = [];
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry: ReadEntry) => {
      const name = normalise(entry.path);
      count += 1;
      if (count > membersMax) failed.abort(new JockerError('resource-exhausted', `the archive has more than ${membersMax} members`));
      if ((entry.type === 'SymbolicLink' || entry.type === 'Link') && entry.linkpath !== undefined) {
        links.set(name, normalise(entry.type === 'Link' ? entry.linkpath : posix.join(posix.dirname(name), entry.linkpath)));
        entry.resume();
      } else if (entry.type === 'File' || entry.type === 'OldFile' || entry.type === 'ContiguousFile') {
        const path = `${directory}/${count}`;
        files.set(name, { path, sizeBytes: entry.size });
        links.delete(name);
        const target = createWriteStream(path, { flags: 'wx', mode: 0o600 });
        const done = finished(target);
        done.catch((error: unknown) => failed.abort(error));
        written.push(done);
        entry.pipe(target);
      } else entry.resume();
    },
  });
  const { stream, decompress } = await peek(source);
  const both = AbortSignal.any([signal, failed.signal]);
  const write = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    const ended = new Promise<void>((resolve, reject) => parser.on('end', resolve).on('error', reject));
    ended.catch(() => undefined);
    for await (const chunk of chunks) {
      both.throwIfAborted();
      if (!parser.write(chunk)) await Promise.race([new Promise((resolve) => parser.once('drain', resolve)), ended]);
    }
    parser.end();
    await ended;
  };
  try {
    if (decompress === undefined) await pipeline(stream, write, { signal: both });
    else await pipeline(stream, decompress, write, { signal: both });
    // The parser is at the archive's end before the last files are at theirs.
    await Promise.all(written);
  } catch (error) {
    if (failed.signal.aborted) throw failed.signal.reason;
    if (error instanceof JockerError) throw error;
    throw new JockerError('invalid-argument', 'what was sent is no archive of images, or it is broken', { cause: error });
  }
  if (count === 0) throw new JockerError('invalid-argument', 'the archive is empty');
}

async function peek(source: Readable): Promise<{ stream: Readable; decompress: ReturnType<typeof createDecompressor> }> {
  const iterator = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let start = Buffer.alloc(0);
  let ended = false;
  while (start.length < longestMagicBytes && !ended) {
    const next = await iterator.next();
    if (next.done === true) ended = true;
    else start = Buffer.concat([start, next.value]);
  }
  const all = async function* (): AsyncGenerator<Buffer> {
    yield start;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  };
  return { stream: Readable.from(all(), { objectMode: false }), decompress: createDecompressor(detectCompression(start)) };
}

const normalise = (name: string): string =>
  posix
    .normalize(name)
    .replace(/^(?:\.?\.?\/)+/, '')
    .replace(/\/$/, '');
