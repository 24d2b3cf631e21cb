import { JockerError } from '../errors/jocker-error.ts';

/** Records of a PAX extended header (POSIX pax, "%d %s=%s\n"). Keys as latin1, values as bytes: xattrs are not text. */
export type PaxRecords = Map<string, Buffer>;

const newline = 0x0a;

export function parsePaxRecords(data: Buffer, into: PaxRecords): void {
  let start = 0;
  while (start < data.length) {
    const space = data.indexOf(0x20, start);
    const digits = space < 0 || space - start > 10 ? '' : data.toString('latin1', start, space);
    const length = /^\d+$/.test(digits) ? Number(digits) : 0;
    const end = start + length;
    const equals = data.indexOf(0x3d, space);
    if (length === 0 || end > data.length || data[end - 1] !== newline || equals < 0 || equals >= end) {
      throw new JockerError('data-loss', 'a PAX header has a malformed record');
    }
    into.set(data.toString('latin1', space + 1, equals), data.subarray(equals + 1, end - 1));
    start = end;
  }
}

/** The length that begins a record counts its own digits. */
export function encodePaxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.byteLength(key, 'latin1') + value.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${key}=`, 'latin1'), value, Buffer.from('\n')]);
}
