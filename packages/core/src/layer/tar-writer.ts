import { Readable } from 'node:stream';
import { JockerError } from '../errors/jocker-error.ts';
import { encodePaxRecord } from './pax-records.ts';
import { blockBytes, paddingOf, xattrPrefix, type TarEntry, type TarEntryType } from './tar-entry.ts';
import { formatPaxTime } from './tar-numbers.ts';

const typeFlags: Readonly<Record<TarEntryType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

const nanosecondsPerSecond = 1_000_000_000n;
const longestName = 100;

function writeOctal(block: Buffer, offset: number, length: number, value: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), offset, 'latin1');
}

function encodeBlock(entry: TarEntry, typeFlag: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  const seconds = Number(entry.mtimeNs / nanosecondsPerSecond);
  // What does not fit stands in the PAX header before it.
  const fitting = (value: number, limit: number): number => (value >= 0 && value < limit ? value : 0);
  entry.path.copy(block, 0, 0, longestName);
  writeOctal(block, 100, 8, entry.mode & 0o7777);
  writeOctal(block, 108, 8, fitting(entry.uid, 8 ** 7));
  writeOctal(block, 116, 8, fitting(entry.gid, 8 ** 7));
  writeOctal(block, 124, 12, fitting(entry.size, 8 ** 11));
  writeOctal(block, 136, 12, fitting(seconds, 8 ** 11));
  block.write('        ', 148, 'latin1');
  block.write(typeFlag, 156, 'latin1');
  entry.linkPath.copy(block, 157, 0, longestName);
  block.write('ustar\x0000', 257, 'latin1');
  writeOctal(block, 329, 8, entry.deviceMajor);
  writeOctal(block, 337, 8, entry.deviceMinor);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function paxRecords(entry: TarEntry): Buffer[] {
  const records: Buffer[] = [];
  const add = (key: string, value: Buffer | string): void => {
    records.push(encodePaxRecord(key, typeof value === 'string' ? Buffer.from(value) : value));
  };
  if (entry.path.length > longestName) add('path', entry.path);
  if (entry.linkPath.length > longestName) add('linkpath', entry.linkPath);
  if (entry.uid >= 8 ** 7) add('uid', String(entry.uid));
  if (entry.gid >= 8 ** 7) add('gid', String(entry.gid));
  if (entry.size >= 8 ** 11) add('size', String(entry.size));
  if (entry.mtimeNs < 0n || entry.mtimeNs % nanosecondsPerSecond !== 0n || entry.mtimeNs >= 8n ** 11n * nanosecondsPerSecond) {
    add('mtime', formatPaxTime(entry.mtimeNs));
  }
  for (const [name, value] of entry.xattrs) {
    if (name.includes('=')) throw new JockerError('unsupported', `a tar cannot hold the extended attribute ${JSON.stringify(name)}`);
    add(xattrPrefix + name, value);
  }
  return records;
}

/** The header of an entry, with a PAX header before it when ustar cannot say everything. The content and `paddingOf` it follow. */
export function encodeTarHeader(entry: TarEntry): Buffer {
  const typeFlag = typeFlags[entry.type];
  const records = paxRecords(entry);
  if (records.length === 0) return encodeBlock(entry, typeFlag);
  const data = Buffer.concat(records);
  const empty = Buffer.alloc(0);
  const pax: TarEntry = {
    ...entry,
    path: Buffer.from('PaxHeaders'),
    linkPath: empty,
    size: data.length,
    mode: 0o644,
    uid: 0,
    gid: 0,
    deviceMajor: 0,
    deviceMinor: 0,
  };
  return Buffer.concat([encodeBlock(pax, 'x'), data, Buffer.alloc(paddingOf(data.length)), encodeBlock(entry, typeFlag)]);
}

export interface TarMember {
  readonly entry: TarEntry;
  /** Of a file. Content that is longer than the header said is cut, shorter is filled with zeros: the file was changing. */
  readonly content?: Iterable<Buffer> | AsyncIterable<Buffer>;
}

async function* encodeContent(content: TarMember['content'], size: number): AsyncGenerator<Buffer> {
  let left = size;
  for await (const piece of content ?? []) {
    if (left === 0) break;
    const part = piece.length > left ? piece.subarray(0, left) : piece;
    left -= part.length;
    yield part;
  }
  for (; left > 0; left -= Math.min(left, 1 << 16)) yield Buffer.alloc(Math.min(left, 1 << 16));
  if (paddingOf(size) > 0) yield Buffer.alloc(paddingOf(size));
}

async function* encodeMembers(members: Iterable<TarMember> | AsyncIterable<TarMember>): AsyncGenerator<Buffer> {
  for await (const { entry, content } of members) {
    yield encodeTarHeader(entry);
    if (entry.size > 0) yield* encodeContent(content, entry.size);
  }
  yield Buffer.alloc(2 * blockBytes);
}

/** Keeps what node-tar drops: extended attributes, devices, FIFOs, nanoseconds, names that are not UTF-8. */
export function createTarStream(members: Iterable<TarMember> | AsyncIterable<TarMember>): Readable {
  return Readable.from(encodeMembers(members), { objectMode: false, highWaterMark: 1 << 18 });
}
