import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { native } from '@jocker/native';
import { afterAll, describe, expect, it } from 'vitest';
import { makeTar, sha256Of, type FixtureEntry } from '../testing/image-fixture.ts';
import { createLayerApplier, type ApplyLayerRequest } from './apply-layer.ts';
import type { AppliedLayer } from './unpack-layer.ts';

const folder = mkdtempSync(join(tmpdir(), 'jocker-layer-'));
const applier = createLayerApplier({ workers: 2 });
afterAll(async () => {
  await applier.close();
  rmSync(folder, { recursive: true, force: true });
});

const newDirectory = (): string => mkdtempSync(join(folder, 'd-'));
const never = new AbortController().signal;

async function applyBytes(blob: Buffer, options: Partial<ApplyLayerRequest> = {}): Promise<AppliedLayer & { directory: string }> {
  const directory = options.directory ?? newDirectory();
  const blobPath = join(newDirectory(), 'blob');
  writeFileSync(blobPath, blob);
  const layer = await applier.applyLayer({ blobPath, directory, whiteouts: 'overlay', signal: never, ...options });
  return { ...layer, directory };
}
const apply = (entries: readonly (FixtureEntry | Buffer)[], options: Partial<ApplyLayerRequest> = {}): ReturnType<typeof applyBytes> =>
  applyBytes(makeTar(entries), options);

const isWhiteout = (path: string): boolean => lstatSync(path).isCharacterDevice() && lstatSync(path).rdev === 0;
const isOpaque = (path: string): boolean => native().llistxattr(path).map(String).includes('trusted.overlay.opaque');

describe('applyLayer', () => {
  it.each([
    ['plain', (tar: Buffer) => tar],
    ['gzip', (tar: Buffer) => gzipSync(tar)],
    ['zstd', (tar: Buffer) => zstdCompressSync(tar)],
    ['two gzip members', (tar: Buffer) => Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))])],
    ['two zstd frames', (tar: Buffer) => Buffer.concat([zstdCompressSync(tar.subarray(0, 700)), zstdCompressSync(tar.subarray(700))])],
  ])('unpacks %s and gives the diff id of the uncompressed bytes', async (_name, compress) => {
    const tar = makeTar([{ path: 'a/' }, { path: 'a/b', content: 'hello' }]);
    const layer = await applyBytes(compress(tar), { expectedDiffId: sha256Of(tar) });
    expect(layer).toMatchObject({ diffId: sha256Of(tar), bytes: tar.length, entries: 2, sizeBytes: 5, warnings: [] });
    expect(readFileSync(join(layer.directory, 'a/b'), 'utf8')).toBe('hello');
  });

  it('keeps owner, mode, times, links, devices and attributes', async () => {
    const capability = Buffer.from([1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0]);
    const { directory } = await apply([
      { path: 'd/', mode: 0o2750, uid: 12, gid: 34, mtimeNs: 1_600_000_000_000_000_001n },
      { path: 'd/setuid', content: 'x', mode: 0o4755, uid: 3_000_000, gid: 4_000_000_000 },
      {
        path: 'd/capable',
        content: '',
        mode: 0o755,
        uid: 5,
        xattrs: { 'security.capability': capability, 'user.text': Buffer.from([0xff, 0]) },
      },
      { path: 'd/link', type: 'symlink', linkPath: '/absolute/../stays', uid: 7, mtimeNs: -1_000_000_001n },
      { path: 'd/hard', type: 'hardlink', linkPath: 'd/setuid' },
      { path: 'd/null', type: 'character-device', device: [1, 3], mode: 0o666 },
      { path: 'd/disk', type: 'block-device', device: [259, 70_000], mode: 0o660 },
      { path: 'd/fifo', type: 'fifo', mode: 0o622 },
      { path: 'sticky/', mode: 0o1777 },
    ]);
    const stat = (path: string) => lstatSync(join(directory, path), { bigint: true });
    const [d, setuid, link, device, disk] = [stat('d'), stat('d/setuid'), stat('d/link'), stat('d/null'), stat('d/disk')];
    expect([d.mode & 0o7777n, d.uid, d.gid, d.mtimeNs]).toEqual([0o2750n, 12n, 34n, 1_600_000_000_000_000_001n]);
    expect([setuid.mode & 0o7777n, setuid.uid, setuid.gid]).toEqual([0o4755n, 3_000_000n, 4_000_000_000n]);
    expect(setuid.ino).toBe(stat('d/hard').ino);
    expect([readlinkSync(join(directory, 'd/link')), link.uid, link.mtimeNs]).toEqual(['/absolute/../stays', 7n, -1_000_000_001n]);
    expect([device.isCharacterDevice(), device.rdev, device.mode & 0o7777n]).toEqual([true, 0x103n, 0o666n]);
    expect([disk.isBlockDevice(), disk.rdev]).toEqual([true, BigInt((259 << 8) | (70_000 & 0xff) | ((70_000 & ~0xff) << 12))]);
    expect([stat('d/fifo').isFIFO(), stat('d/fifo').mode & 0o7777n]).toEqual([true, 0o622n]);
    expect(stat('sticky').mode & 0o7777n).toBe(0o1777n);
    expect(native().lgetxattr(join(directory, 'd/capable'), 'security.capability')).toEqual(capability);
    expect(native().lgetxattr(join(directory, 'd/capable'), 'user.text')).toEqual(Buffer.from([0xff, 0]));
  });

  it('makes missing parents and keeps names that are not UTF-8 or longer than 255 bytes in all', async () => {
    const long = Array.from({ length: 6 }, (_, index) => String(index).repeat(100)).join('/');
    const odd = Buffer.from([0x64, 0x2f, 0xff, 0xfe, 0x41]);
    const { directory } = await apply([
      { path: long, content: 'far' },
      { path: odd, content: 'odd' },
      { path: 'ünï/cödé', content: 'text' },
    ]);
    expect(readFileSync(join(directory, long), 'utf8')).toBe('far');
    expect(readFileSync(Buffer.concat([Buffer.from(`${directory}/`), odd]), 'utf8')).toBe('odd');
    expect(readFileSync(join(directory, 'ünï/cödé'), 'utf8')).toBe('text');
  });

  it('lets the last of several entries with one path win', async () => {
    const { directory } = await apply([
      { path: 'x', content: 'first' },
      { path: 'x', content: 'second' },
      { path: 'd/' },
      { path: 'd/inside' },
      { path: 'd', content: 'a file now' },
      { path: 'l', type: 'symlink', linkPath: 'x' },
      { path: 'l', content: 'not through the link' },
    ]);
    expect(['x', 'd', 'l'].map((name) => readFileSync(join(directory, name), 'utf8'))).toEqual([
      'second',
      'a file now',
      'not through the link',
    ]);
  });

  it('follows symlinked parents inside the root', async () => {
    const { directory } = await apply([
      { path: 'usr/lib/' },
      { path: 'lib', type: 'symlink', linkPath: 'usr/lib' },
      { path: 'lib64', type: 'symlink', linkPath: '/lib' },
      { path: 'lib/a', content: 'a' },
      { path: 'lib64/b', content: 'b' },
      { path: 'dangling', type: 'symlink', linkPath: 'not/yet' },
      { path: 'dangling/c', content: 'c' },
    ]);
    expect(readdirSync(join(directory, 'usr/lib'))).toEqual(['a', 'b']);
    expect(readFileSync(join(directory, 'not/yet/c'), 'utf8')).toBe('c');
    expect(lstatSync(join(directory, 'lib')).isSymbolicLink()).toBe(true);
  });

  it('takes the PAX size, global headers and ids of base 256', async () => {
    const block = makeTar([{ path: 'big-ids', content: 'abc' }]).subarray(0, 512);
    const header = Buffer.from(block);
    header.writeUInt32BE(0x8000_0000, 108);
    header.writeUInt32BE(3_000_000, 112);
    header.write('        ', 148);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    const { directory } = await apply([header, Buffer.concat([Buffer.from('abc'), Buffer.alloc(509)])]);
    expect(lstatSync(join(directory, 'big-ids')).uid).toBe(3_000_000);
  });
});

describe('whiteouts in overlay form', () => {
  it('are character devices 0:0 for what this layer has not, and nothing for what it has', async () => {
    const { directory } = await apply([
      { path: 'd/' },
      { path: 'd/.wh.gone' },
      { path: 'd/new', content: 'new' },
      { path: 'd/.wh.new' },
      { path: '.wh.early' },
      { path: 'early', content: 'stays' },
    ]);
    expect(readdirSync(join(directory, 'd')).toSorted()).toEqual(['gone', 'new']);
    expect(isWhiteout(join(directory, 'd/gone'))).toBe(true);
    expect(readFileSync(join(directory, 'd/new'), 'utf8')).toBe('new');
    expect(readFileSync(join(directory, 'early'), 'utf8')).toBe('stays');
  });

  it('of a directory that this layer has too make it opaque, in either order', async () => {
    const { directory } = await apply([
      { path: 'a/' },
      { path: '.wh.a' },
      { path: '.wh.b' },
      { path: 'b/' },
      { path: '.wh.c' },
      { path: 'c/inside' },
      { path: 'd/' },
    ]);
    expect(['a', 'b', 'c', 'd'].map((name) => isOpaque(join(directory, name)))).toEqual([true, true, true, false]);
  });

  it('opaque marks hide lower children only, whatever their place', async () => {
    const { directory } = await apply([{ path: 'a/x' }, { path: 'a/.wh..wh..opq' }, { path: 'a/y' }, { path: '.wh..wh.plnk/1' }]);
    expect(isOpaque(join(directory, 'a'))).toBe(true);
    expect(readdirSync(join(directory, 'a'))).toEqual(['x', 'y']);
    expect(readdirSync(directory)).toEqual(['a']);
  });

  it('are left out of the bottom layer', async () => {
    const { directory } = await apply([{ path: '.wh.x' }, { path: 'a/.wh..wh..opq' }, { path: 'a/y' }], { parentDirectories: [] });
    expect(readdirSync(directory)).toEqual(['a']);
    expect(isOpaque(join(directory, 'a'))).toBe(false);
  });

  it('show what the image-spec says once the layers are mounted', async () => {
    const bottom = await apply(
      [
        { path: 'keep/a', content: 'a' },
        { path: 'hide/lower', content: 'x' },
        { path: 'gone', content: 'x' },
        { path: 'turned/', mode: 0o700 },
        { path: 'turned/x' },
      ],
      { parentDirectories: [] },
    );
    const top = await apply(
      [
        { path: '.wh.gone' },
        { path: 'hide/upper', content: 'y' },
        { path: 'hide/.wh..wh..opq' },
        { path: 'keep/b', content: 'b' },
        { path: 'turned', content: 'a file' },
      ],
      { parentDirectories: [bottom.directory] },
    );
    const target = newDirectory();
    native().mount('overlay', target, 'overlay', 1, `lowerdir=${top.directory}:${bottom.directory}`);
    try {
      expect(readdirSync(target).toSorted()).toEqual(['hide', 'keep', 'turned']);
      expect(readdirSync(join(target, 'hide'))).toEqual(['upper']);
      expect(readdirSync(join(target, 'keep'))).toEqual(['a', 'b']);
      expect(readFileSync(join(target, 'turned'), 'utf8')).toBe('a file');
    } finally {
      native().unmount(target, 2);
    }
  });
});

describe('layers below', () => {
  it('tell where symlinked parents lead and how missing parents look', async () => {
    const bottom = await apply(
      [
        { path: 'usr/lib/' },
        { path: 'lib', type: 'symlink', linkPath: 'usr/lib' },
        { path: 'tmp/', mode: 0o1777, mtimeNs: 5_000_000_000n },
        { path: 'home/user/', uid: 1000, gid: 1000, mode: 0o700, xattrs: { 'user.mark': Buffer.from('m') } },
      ],
      { parentDirectories: [] },
    );
    const { directory } = await apply([{ path: 'lib/new', content: 'n' }, { path: 'tmp/x' }, { path: 'home/user/file', uid: 1000 }], {
      parentDirectories: [bottom.directory],
    });
    expect(readdirSync(directory).toSorted()).toEqual(['home', 'tmp', 'usr']);
    expect(readFileSync(join(directory, 'usr/lib/new'), 'utf8')).toBe('n');
    expect([lstatSync(join(directory, 'tmp')).mode & 0o7777, lstatSync(join(directory, 'tmp')).mtimeMs]).toEqual([0o1777, 5000]);
    const home = join(directory, 'home/user');
    expect([lstatSync(home).uid, lstatSync(home).mode & 0o7777, String(native().lgetxattr(home, 'user.mark'))]).toEqual([1000, 0o700, 'm']);
  });

  it('are not looked at where a layer above hides them', async () => {
    const bottom = await apply(
      [
        { path: 'a', type: 'symlink', linkPath: 'b' },
        { path: 'c/', mode: 0o700 },
        { path: 'o/s', type: 'symlink', linkPath: 'elsewhere' },
      ],
      {
        parentDirectories: [],
      },
    );
    const middle = await apply([{ path: '.wh.a' }, { path: '.wh.c' }, { path: 'o/.wh..wh..opq' }], {
      parentDirectories: [bottom.directory],
    });
    const { directory } = await apply([{ path: 'a/x' }, { path: 'c/x' }, { path: 'o/s/x' }], {
      parentDirectories: [middle.directory, bottom.directory],
    });
    expect([lstatSync(join(directory, 'a')).isDirectory(), lstatSync(join(directory, 'c')).mode & 0o777]).toEqual([true, 0o755]);
    expect(lstatSync(join(directory, 'o/s/x')).isFile()).toBe(true);
  });

  it('stop counting when this layer puts a directory in the place of their symlink', async () => {
    const bottom = await apply([{ path: 'usr/lib/' }, { path: 'lib', type: 'symlink', linkPath: 'usr/lib' }], { parentDirectories: [] });
    const { directory } = await apply([{ path: 'lib/sub/before' }, { path: 'lib/' }, { path: 'lib/sub/after' }], {
      parentDirectories: [bottom.directory],
    });
    expect(readdirSync(join(directory, 'usr/lib/sub'))).toEqual(['before']);
    expect(readdirSync(join(directory, 'lib/sub'))).toEqual(['after']);
  });

  it('may come later for a layer that brings all its folders, and not for one that does not', async () => {
    const whole = await apply([{ path: 'lib/' }, { path: 'lib/x', content: 'x' }, { path: '.wh.y' }], { parentDirectories: 'pending' });
    expect(readdirSync(whole.directory).toSorted()).toEqual(['lib', 'y']);
    await expect(apply([{ path: 'lib/x' }], { parentDirectories: 'pending' })).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  it('give the file of a hard link that only they have', async () => {
    const bottom = await apply([{ path: 'etc/original', content: 'text', mode: 0o4711, uid: 9 }], { parentDirectories: [] });
    const { directory } = await apply([{ path: 'copy', type: 'hardlink', linkPath: 'etc/original' }], {
      parentDirectories: [bottom.directory],
    });
    expect(lstatSync(join(directory, 'copy')).ino).toBe(lstatSync(join(directory, 'etc/original')).ino);
    expect([lstatSync(join(directory, 'copy')).mode & 0o7777, lstatSync(join(directory, 'copy')).uid]).toEqual([0o4711, 9]);
  });
});

describe('whiteouts in plain form', () => {
  function parent(): string {
    const directory = newDirectory();
    mkdirSync(join(directory, 'd/sub'), { recursive: true });
    for (const path of ['d/old', 'd/sub/old', 'gone', 'kept']) writeFileSync(join(directory, path), 'old');
    symlinkSync('kept', join(directory, 'link'));
    return directory;
  }

  it('remove what the parent had and keep what this layer brings, in either order', async () => {
    const { directory } = await apply(
      [
        { path: '.wh.gone' },
        { path: 'd/new' },
        { path: '.wh.d' },
        { path: 'kept', content: 'new' },
        { path: '.wh.kept' },
        { path: '.wh.link' },
      ],
      {
        directory: parent(),
        whiteouts: 'plain',
      },
    );
    expect(readdirSync(directory).toSorted()).toEqual(['d', 'kept']);
    expect(readdirSync(join(directory, 'd'))).toEqual(['new']);
    expect(readFileSync(join(directory, 'kept'), 'utf8')).toBe('new');
  });

  it('empty an opaque directory of what the parent had', async () => {
    const { directory } = await apply([{ path: 'd/sub/new' }, { path: 'd/.wh..wh..opq' }, { path: 'd/later' }], {
      directory: parent(),
      whiteouts: 'plain',
    });
    expect(readdirSync(join(directory, 'd'))).toEqual(['later', 'sub']);
    expect(readdirSync(join(directory, 'd/sub'))).toEqual(['new']);
  });
});

describe('the threads', () => {
  it('stop when the signal fires, and the next layer is not disturbed', async () => {
    const controller = new AbortController();
    const entries = Array.from({ length: 5_000 }, (_, index): FixtureEntry => ({ path: `d/${index}`, content: 'x' }));
    const directory = newDirectory();
    const applying = apply(entries, { directory, signal: controller.signal });
    controller.abort();
    await expect(applying).rejects.toMatchObject({ code: 'cancelled' });
    await expect(apply([{ path: 'x' }], { signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
    // What was begun in the directory is complete or not there; nobody holds it any more.
    rmSync(directory, { recursive: true });
    expect((await apply([{ path: 'x' }])).entries).toBe(1);
  });

  it('take more layers than there are threads', async () => {
    const layers = await Promise.all(Array.from({ length: 9 }, (_, index) => apply([{ path: 'file', content: String(index) }])));
    expect(layers.map(({ directory }) => readFileSync(join(directory, 'file'), 'utf8'))).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
      '8',
    ]);
  });

  it('go on after a layer that failed', async () => {
    await expect(apply([{ path: 'x', type: 'hardlink', linkPath: 'nowhere' }])).rejects.toMatchObject({ code: 'data-loss' });
    expect((await apply([{ path: 'x' }])).entries).toBe(1);
  });
});
