import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toTarEntry } from '../testing/image-fixture.ts';
import type { TarEntry, TarEntryType } from './tar-entry.ts';
import { createTarReader } from './tar-reader.ts';
import { createTarStream, type TarMember } from './tar-writer.ts';
import { formatPaxTime, parsePaxTime } from './tar-numbers.ts';

interface Member {
  readonly entry: TarEntry;
  readonly content: Buffer;
}

const bytes = (constraints: { readonly minLength: number; readonly maxLength: number }): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ ...constraints, min: 1 }).map((array) => Buffer.from(array));
/** A file whose name ends in a slash is a directory, in every tar. */
const path = bytes({ minLength: 1, maxLength: 300 }).map((name) => (name.at(-1) === 0x2f ? Buffer.concat([name, Buffer.from('x')]) : name));
const id = fc.oneof(fc.nat(70_000), fc.integer({ min: 0, max: 0xffff_fffe }));
const types: readonly TarEntryType[] = ['file', 'hardlink', 'symlink', 'character-device', 'block-device', 'directory', 'fifo'];
const xattrs = fc
  .array(
    fc.tuple(
      fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('a', 'z', '.', '-', '_', 'é') }),
      fc.uint8Array({ minLength: 1, maxLength: 60 }),
    ),
    { maxLength: 3 },
  )
  .map((list) => new Map(list.map(([name, value]) => [`user.${name}`, Buffer.from(value)])));

const member: fc.Arbitrary<Member> = fc
  .record({
    type: fc.constantFrom(...types),
    path,
    linkPath: path,
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: id,
    gid: id,
    mtimeNs: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
    deviceMajor: fc.integer({ min: 0, max: 4095 }),
    deviceMinor: fc.integer({ min: 0, max: 1_048_575 }),
    xattrs,
    content: fc.uint8Array({ maxLength: 1500 }),
  })
  .map(({ content, ...fields }) => {
    const isLink = fields.type === 'hardlink' || fields.type === 'symlink';
    const isDevice = fields.type === 'character-device' || fields.type === 'block-device';
    const kept = fields.type === 'file' ? Buffer.from(content) : Buffer.alloc(0);
    return {
      entry: {
        ...fields,
        size: kept.length,
        linkPath: isLink ? fields.linkPath : Buffer.alloc(0),
        deviceMajor: isDevice ? fields.deviceMajor : 0,
        deviceMinor: isDevice ? fields.deviceMinor : 0,
      },
      content: kept,
    };
  });

async function writeAll(members: readonly TarMember[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of createTarStream(members)) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function readAll(archive: Buffer, cut: (at: number) => number): Member[] {
  const members: { entry: TarEntry; parts: Buffer[] }[] = [];
  const reader = createTarReader({
    onEntry: (entry) => members.push({ entry, parts: [] }),
    onData: (piece) => members.at(-1)?.parts.push(Buffer.from(piece)),
    onEntryEnd: () => undefined,
  });
  for (let at = 0; at < archive.length;) {
    const end = at + cut(at);
    // A copy that is overwritten afterwards: the reader may keep nothing of the caller's memory but the entry's names.
    reader.push(Buffer.from(archive.subarray(at, end)));
    at = end;
  }
  reader.end();
  return members.map(({ entry, parts }) => ({ entry, content: Buffer.concat(parts) }));
}

describe('the tar writer and reader', () => {
  it('give back every entry, however the archive is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 6 }), fc.integer({ min: 1, max: 5000 }), async (members, chunk) => {
        const archive = await writeAll(members.map(({ entry, content }) => ({ entry, content: [content] })));
        expect(archive.length % 512).toBe(0);
        expect(readAll(archive, () => chunk)).toEqual(members);
      }),
      { numRuns: 150 },
    );
  });

  it('never read past a broken archive without an error of theirs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(member, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(255), async (members, position, byte) => {
        const archive = await writeAll(members.map(({ entry, content }) => ({ entry, content: [content] })));
        archive[position % archive.length] = byte;
        try {
          readAll(archive, () => 700);
        } catch (error) {
          expect(error).toMatchObject({ name: 'JockerError' });
        }
      }),
      { numRuns: 150 },
    );
  });

  it('keep the archive whole when a file shrinks or grows while it is read', async () => {
    const entry = toTarEntry({ path: 'log', content: Buffer.alloc(600) });
    const archive = await writeAll([
      { entry, content: [Buffer.from('short')] },
      { entry, content: [Buffer.alloc(500, 'a'), Buffer.alloc(500, 'b')] },
    ]);
    const [short, long] = readAll(archive, () => 1000);
    expect(short?.content).toEqual(Buffer.concat([Buffer.from('short'), Buffer.alloc(595)]));
    expect(long?.content.toString()).toBe('a'.repeat(500) + 'b'.repeat(100));
  });
});

describe('PAX times', () => {
  it('are exact to the nanosecond, before 1970 too', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (time) => {
        expect(parsePaxTime(formatPaxTime(time))).toBe(time);
      }),
    );
  });
});
