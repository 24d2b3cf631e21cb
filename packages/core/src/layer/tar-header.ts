import { JockerError } from '../errors/jocker-error.ts';
import { parsePaxInteger, parsePaxTime, readNumber, readTime } from './tar-numbers.ts';
import { blockBytes, xattrPrefix, type TarEntry, type TarEntryType } from './tar-entry.ts';
import type { PaxRecords } from './pax-records.ts';

/** A header as it stands in its block, before PAX and GNU records are laid over it. */
export interface RawHeader {
  readonly typeFlag: string;
  readonly path: Buffer;
  readonly linkPath: Buffer;
  readonly size: number;
  readonly block: Buffer;
}

const nothing = Buffer.alloc(0);

function field(block: Buffer, offset: number, length: number): Buffer {
  const nul = block.indexOf(0, offset);
  return block.subarray(offset, nul < 0 || nul > offset + length ? offset + length : nul);
}

function checkSum(block: Buffer): void {
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < blockBytes; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : (block[i] ?? 0);
    unsigned += byte;
    // Some old writers added signed characters.
    signed += byte > 127 ? byte - 256 : byte;
  }
  const stated = readNumber(block, 148, 8, 'checksum');
  if (stated !== unsigned && stated !== signed) throw new JockerError('data-loss', 'a tar header has a wrong checksum');
}

export function parseRawHeader(block: Buffer): RawHeader {
  checkSum(block);
  const magic = block.toString('latin1', 257, 265);
  let path = field(block, 0, 100);
  // GNU's magic is `ustar  \0` and its bytes behind 345 are times and a sparse map. Star keeps two times at 476.
  if (magic.startsWith('ustar\0')) {
    const prefix = field(block, 345, block.toString('latin1', 508, 512) === 'tar\0' ? 131 : 155);
    if (prefix.length > 0) path = Buffer.concat([prefix, Buffer.from('/'), path]);
  }
  const size = readNumber(block, 124, 12, 'size');
  if (size < 0) throw new JockerError('data-loss', `a tar header has the impossible size ${size}`);
  return { typeFlag: String.fromCharCode(block[156] ?? 0), path, linkPath: field(block, 157, 100), size, block };
}

const types: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
};

function checkId(value: number, name: string): number {
  // 2^32-1 means "leave it" to chown.
  if (value >= 0 && value < 0xffff_ffff) return value;
  throw new JockerError('data-loss', `a tar header has the impossible ${name} ${value}`);
}

function checkDevice(value: number, bits: number): number {
  if (value >= 0 && value < 2 ** bits) return value;
  throw new JockerError('data-loss', `a tar header has the impossible device number ${value}`);
}

function entryType(header: RawHeader, path: Buffer, records: PaxRecords): TarEntryType {
  const type = types[header.typeFlag];
  if (type === undefined || [...records.keys()].some((key) => key.startsWith('GNU.sparse.'))) {
    const what = type === undefined && header.typeFlag !== 'S' ? `of the unknown type ${JSON.stringify(header.typeFlag)}` : 'a sparse file';
    throw new JockerError('unsupported', `the tar entry ${JSON.stringify(path.toString())} is ${what}`);
  }
  // Before ustar a directory was a file whose name ends in a slash.
  return type === 'file' && path.at(-1) === 0x2f ? 'directory' : type;
}

/** `records`: global and own PAX records merged; an empty value takes a global one back. Long names are GNU's. */
export function completeHeader(header: RawHeader, records: PaxRecords, longPath?: Buffer, longLink?: Buffer): TarEntry {
  const { block } = header;
  const record = (key: string): Buffer | undefined => {
    const value = records.get(key);
    return value === undefined || value.length === 0 ? undefined : value;
  };
  const integer = (key: string, offset: number, length: number): number => {
    const value = record(key);
    return value === undefined ? readNumber(block, offset, length, key) : parsePaxInteger(value.toString('latin1'), key);
  };
  const path = record('path') ?? longPath ?? header.path;
  const type = entryType(header, path, records);
  const isLink = type === 'hardlink' || type === 'symlink';
  const isDevice = type === 'character-device' || type === 'block-device';
  const mtime = record('mtime');
  const xattrs = new Map<string, Buffer>();
  for (const [key, value] of records) {
    if (key.startsWith(xattrPrefix)) xattrs.set(key.slice(xattrPrefix.length), value);
  }
  return {
    type,
    path,
    linkPath: isLink ? (record('linkpath') ?? longLink ?? header.linkPath) : nothing,
    mode: readNumber(block, 100, 8, 'mode') & 0o7777,
    uid: checkId(integer('uid', 108, 8), 'uid'),
    gid: checkId(integer('gid', 116, 8), 'gid'),
    size: type === 'file' ? integer('size', 124, 12) : 0,
    mtimeNs: mtime === undefined ? readTime(block, 136, 12) : parsePaxTime(mtime.toString('latin1')),
    deviceMajor: isDevice ? checkDevice(readNumber(block, 329, 8, 'device number'), 12) : 0,
    deviceMinor: isDevice ? checkDevice(readNumber(block, 337, 8, 'device number'), 20) : 0,
    xattrs,
  };
}
