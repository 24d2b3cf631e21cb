import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { mountFlags, native } from '@jocker/native';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { TarEntry } from '../../layer/tar-entry.ts';
import { createTarReader } from '../../layer/tar-reader.ts';
import { makeTar, type FixtureEntry } from '../../testing/image-fixture.ts';
import { createContainerFiles } from './create-container-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'jocker-files-'));
let root = '';
let openRoots = 0;

const files = createContainerFiles({
  async openRoot() {
    const fd = openSync(root, 0x20_0000);
    openRoots++;
    return {
      fd,
      lowerDirectories: [],
      mountTargets: [],
      owner: { uid: 1000, gid: 1001 },
      async [Symbol.asyncDispose]() {
        closeSync(fd);
        openRoots--;
      },
    };
  },
});
const id = 'c';

beforeEach(() => {
  root = mkdtempSync(join(folder, 'root-'));
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), 'the inner one', { mode: 0o640 });
  writeFileSync(join(root, 'run.sh'), '#!/bin/sh\n', { mode: 0o4755 });
  symlinkSync('/etc/passwd', join(root, 'absolute'));
  symlinkSync('../../../../../../../../etc', join(root, 'upwards'));
});
afterAll(async () => {
  await files[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
  expect(openRoots).toBe(0);
});

interface Member {
  readonly entry: TarEntry;
  readonly content: string;
}

function parse(archive: Buffer): Member[] {
  const members: { entry: TarEntry; content: string }[] = [];
  const reader = createTarReader({
    onEntry: (entry) => members.push({ entry, content: '' }),
    onData: (piece) => {
      const last = members.at(-1);
      if (last !== undefined) last.content += piece.toString();
    },
    onEntryEnd: () => undefined,
  });
  reader.push(archive);
  reader.end();
  return members;
}
const names = (members: readonly Member[]): string[] => members.map(({ entry }) => entry.path.toString());

async function readArchive(path: string): Promise<Member[]> {
  const { archive } = await files.readArchive(id, path);
  return parse(await buffer(archive));
}
const writeArchive = async (path: string, entries: readonly (FixtureEntry | Buffer)[], options = {}): Promise<void> =>
  await files.writeArchive(id, path, Readable.from([makeTar(entries)]), options);

describe('stat, list and read', () => {
  it('tell what a path is, and of a link only itself unless asked', async () => {
    expect(await files.stat(id, '/run.sh')).toMatchObject({
      name: 'run.sh',
      type: 'file',
      sizeBytes: 10,
      mode: 0o4755,
      uid: 0,
      linkTarget: '',
    });
    expect(await files.stat(id, 'absolute')).toMatchObject({ name: 'absolute', type: 'symlink', linkTarget: '/etc/passwd' });
    expect(await files.stat(id, '/absolute', { followLink: true })).toMatchObject({ name: 'absolute', type: 'file', sizeBytes: 13 });
    expect(await files.stat(id, '/upwards/')).toMatchObject({ type: 'directory' });
    expect(await files.stat(id, '/')).toMatchObject({ name: '/', type: 'directory' });
  });

  it.each(['/absolute', '/upwards/passwd', '../../../../etc/passwd', '/etc/../../../etc/./passwd'])(
    'stay inside the root: %s',
    async (path) => {
      expect((await files.read(id, path)).toString()).toBe('the inner one');
    },
  );

  it('list a directory with what each child is', async () => {
    native().mknod(join(root, 'etc/pipe'), 0o010600, 0, 0);
    const list = await files.list(id, '/upwards');
    expect(list.map(({ name, type }) => `${name} ${type}`).toSorted()).toEqual(['passwd file', 'pipe fifo']);
  });

  it('do not wait at a FIFO nor open a device', async () => {
    native().mknod(join(root, 'pipe'), 0o010600, 0, 0);
    native().mknod(join(root, 'device'), 0o020600, 1, 5);
    for (const path of ['/pipe', '/device']) {
      await expect(files.read(id, path)).rejects.toMatchObject({ code: 'invalid-argument' });
      await expect(files.write(id, path, Buffer.from('x'), { create: true, overwrite: true })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }
  });

  it('do not follow the links of /proc', async () => {
    const target = join(root, 'proc');
    mkdirSync(target);
    native().mount('proc', target, 'proc', 0, '');
    try {
      await expect(files.read(id, `/proc/${process.pid}/root/etc/hostname`)).rejects.toMatchObject({ code: 'invalid-argument' });
    } finally {
      native().unmount(target, 2);
    }
  });

  it('bound what is read', async () => {
    await expect(files.read(id, '/etc/passwd', { maxBytes: 5 })).rejects.toMatchObject({ code: 'resource-exhausted' });
  });

  it('name the path in their errors', async () => {
    await expect(files.stat(id, '/no/such')).rejects.toMatchObject({ code: 'not-found', message: '"/no/such": there is no such file' });
    await expect(files.list(id, '/run.sh')).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(files.read(id, '/etc')).rejects.toMatchObject({ code: 'invalid-argument', message: '"/etc": it is a directory' });
    await expect(files.read(id, 'a\0b')).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

describe('write, createDirectory, rename and remove', () => {
  const both = { create: true, overwrite: true };

  it('replace the content and keep owner, mode and inode', async () => {
    const before = lstatSync(join(root, 'run.sh'));
    await files.write(id, '/run.sh', Buffer.from('new'), both);
    const after = lstatSync(join(root, 'run.sh'));
    expect([readFileSync(join(root, 'run.sh'), 'utf8'), after.ino, after.mode & 0o777]).toEqual(['new', before.ino, 0o755]);
  });

  it('make a file that is not there, and refuse as asked', async () => {
    await files.write(id, '/upwards/new', Buffer.from('n'), both);
    expect(lstatSync(join(root, 'etc/new')).mode & 0o7777).toBe(0o644);
    await expect(files.write(id, '/etc/new', Buffer.from('x'), { create: true, overwrite: false })).rejects.toMatchObject({
      code: 'already-exists',
    });
    await expect(files.write(id, '/etc/none', Buffer.from('x'), { create: false, overwrite: true })).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(files.write(id, '/no/such/folder', Buffer.from('x'), both)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('make folders', async () => {
    await files.createDirectory(id, '/upwards/sub');
    expect(lstatSync(join(root, 'etc/sub')).mode & 0o7777).toBe(0o755);
    await expect(files.createDirectory(id, '/etc/sub')).rejects.toMatchObject({ code: 'already-exists' });
    await expect(files.createDirectory(id, '/a/b')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('rename, over something only when asked', async () => {
    mkdirSync(join(root, 'full/inside'), { recursive: true });
    await files.rename(id, '/run.sh', '/etc/run', { overwrite: false });
    await expect(files.rename(id, '/etc/run', '/full', { overwrite: false })).rejects.toMatchObject({ code: 'already-exists' });
    await files.rename(id, '/etc/run', '/full', { overwrite: true });
    expect(lstatSync(join(root, 'full')).isFile()).toBe(true);
    await expect(files.rename(id, '/none', '/full', { overwrite: true })).rejects.toMatchObject({ code: 'not-found' });
    await expect(files.rename(id, '/etc', '/etc/below', { overwrite: true })).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(files.rename(id, '/upwards/passwd', '/etc', { overwrite: true })).rejects.toMatchObject({ code: 'invalid-argument' });
    await files.rename(id, '/upwards/passwd', '/etc/passwd', { overwrite: true });
    expect(readdirSync(join(root, 'etc'))).toEqual(['passwd']);
  });

  it('rename what the kernel does not, by copying', async () => {
    mkdirSync(join(root, 'volume'));
    native().mount('tmpfs', join(root, 'volume'), 'tmpfs', 0, 'size=1m');
    try {
      mkdirSync(join(root, 'volume/old'));
      await files.rename(id, '/etc', '/volume/new', { overwrite: false });
      await files.rename(id, '/run.sh', '/volume/old', { overwrite: true });
      expect(lstatSync(join(root, 'volume/new/passwd')).mode & 0o777).toBe(0o640);
      expect(lstatSync(join(root, 'volume/old')).mode & 0o7777).toBe(0o4755);
      expect(readdirSync(root).toSorted()).toEqual(['absolute', 'upwards', 'volume']);
    } finally {
      native().unmount(join(root, 'volume'), 2);
    }
  });

  it('remove links and not what they lead to', async () => {
    await files.remove(id, '/upwards', { recursive: true });
    await files.remove(id, '/absolute', { recursive: false });
    expect(existsSync(join(root, 'etc/passwd'))).toBe(true);
    await expect(files.remove(id, '/etc', { recursive: false })).rejects.toMatchObject({ code: 'failed-precondition' });
    await files.remove(id, '/etc', { recursive: true });
    expect(readdirSync(root)).toEqual(['run.sh']);
    await expect(files.remove(id, '/', { recursive: true })).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('do not remove what is mounted in the container', async () => {
    const volume = mkdtempSync(join(folder, 'volume-'));
    writeFileSync(join(volume, 'precious'), '');
    mkdirSync(join(root, 'srv/data'), { recursive: true });
    native().mount(volume, join(root, 'srv/data'), '', mountFlags['bind'] ?? 0, '');
    try {
      await expect(files.remove(id, '/srv', { recursive: true })).rejects.toMatchObject({ code: 'failed-precondition' });
    } finally {
      native().unmount(join(root, 'srv/data'), 2);
    }
    expect(readdirSync(volume)).toEqual(['precious']);
  });
});

describe('readArchive', () => {
  it('has the entries under the base name of the path', async () => {
    mkdirSync(join(root, 'etc/sub'));
    writeFileSync(join(root, 'etc/sub/deep'), 'deep');
    expect(names(await readArchive('/etc'))).toEqual(['etc/', 'etc/passwd', 'etc/sub/', 'etc/sub/deep']);
    expect(names(await readArchive('/etc/sub/'))).toEqual(['sub/', 'sub/deep']);
    expect(names(await readArchive('/etc/sub/.'))).toEqual(['./', './deep']);
    expect(names(await readArchive('/etc/sub/deep'))).toEqual(['deep']);
    expect(names(await readArchive('/upwards'))).toEqual(['upwards']);
    expect(names(await readArchive('/upwards/'))).toEqual(['upwards/', 'upwards/passwd', 'upwards/sub/', 'upwards/sub/deep']);
    expect(names(await readArchive('/')).slice(0, 3)).toEqual(['/', '/absolute', '/etc/']);
  });

  it('keeps everything that a layer keeps', async () => {
    const directory = join(root, 'all');
    mkdirSync(directory);
    const tar = makeTar([
      {
        path: 'file',
        content: 'x',
        mode: 0o4751,
        uid: 7,
        gid: 8,
        mtimeNs: 1_600_000_000_000_000_001n,
        xattrs: { 'user.mark': Buffer.from([255]) },
      },
      { path: 'hard', type: 'hardlink', linkPath: 'file' },
      { path: 'link', type: 'symlink', linkPath: '/nowhere' },
      { path: 'device', type: 'character-device', device: [5, 300] },
      { path: 'fifo', type: 'fifo' },
      { path: Buffer.from([0xff, 0xfe]), content: 'odd' },
    ]);
    await files.writeArchive(id, '/all', Readable.from([tar]));
    const members = await readArchive('/all/.');
    const [device, fifo, file, hard, link, odd] = members.slice(1);
    expect(file).toMatchObject({ content: 'x', entry: { mode: 0o4751, uid: 7, gid: 8, mtimeNs: 1_600_000_000_000_000_001n } });
    expect(file?.entry.xattrs.get('user.mark')).toEqual(Buffer.from([255]));
    expect(hard?.entry).toMatchObject({ type: 'hardlink', linkPath: Buffer.from('./file') });
    expect(link?.entry.linkPath.toString()).toBe('/nowhere');
    expect(device?.entry).toMatchObject({ type: 'character-device', deviceMajor: 5, deviceMinor: 300 });
    expect(fifo?.entry.type).toBe('fifo');
    expect(odd?.entry.path).toEqual(Buffer.from([0x2e, 0x2f, 0xff, 0xfe]));
  });

  it('is read by GNU tar, also when it is large', async () => {
    const content = Buffer.alloc(3 << 20, 'content ');
    writeFileSync(join(root, 'etc/large'), content);
    const { archive, stat } = await files.readArchive(id, '/etc');
    const target = mkdtempSync(join(folder, 'target-'));
    execFileSync('tar', ['-x', '-C', target], { input: await buffer(archive), maxBuffer: 1 << 24 });
    expect(stat).toMatchObject({ name: 'etc', type: 'directory' });
    expect(readFileSync(join(target, 'etc/large')).equals(content)).toBe(true);
  });

  it('lets go of everything when its reader leaves, or the signal fires', async () => {
    writeFileSync(join(root, 'large'), Buffer.alloc(3 << 20));
    const before = openRoots;
    const { archive } = await files.readArchive(id, '/large');
    archive.destroy();
    const controller = new AbortController();
    const second = await files.readArchive(id, '/large', { signal: controller.signal });
    controller.abort();
    await expect(buffer(second.archive)).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(() => openRoots, { timeout: 20_000 }).toBe(before);
  });

  it('is not-found before any stream for a missing path', async () => {
    await expect(files.readArchive(id, '/none')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('writeArchive', () => {
  it.each<[string, (tar: Buffer) => Buffer]>([
    ['plain', (tar) => tar],
    ['gzip', (tar) => gzipSync(tar)],
    ['zstd', (tar) => zstdCompressSync(tar)],
    ['xz', (tar) => execFileSync('xz', { input: tar })],
    ['bzip2', (tar) => execFileSync('bzip2', { input: tar })],
  ])('takes %s archives in any pieces', async (_name, compress) => {
    const bytes = compress(makeTar([{ path: 'd/' }, { path: 'd/file', content: 'content', uid: 5 }]));
    const pieces = Array.from({ length: Math.ceil(bytes.length / 3) }, (_, index) => bytes.subarray(index * 3, index * 3 + 3));
    await files.writeArchive(id, '/etc', Readable.from(pieces));
    expect([readFileSync(join(root, 'etc/d/file'), 'utf8'), lstatSync(join(root, 'etc/d/file')).uid]).toEqual(['content', 5]);
  });

  it('gives everything to the user of the container when asked', async () => {
    await writeArchive(
      '/etc',
      [
        { path: 'd/', uid: 5 },
        { path: 'd/file', uid: 5 },
      ],
      { copyOwner: true },
    );
    for (const path of ['etc/d', 'etc/d/file'])
      expect([lstatSync(join(root, path)).uid, lstatSync(join(root, path)).gid]).toEqual([1000, 1001]);
  });

  it('makes missing parents, keeps whiteout names, sets the times of folders', async () => {
    await writeArchive('/', [
      { path: 'a/b/.wh.c', content: 'c' },
      { path: 'a/', mtimeNs: 5_000_000_000n, mode: 0o700 },
    ]);
    expect(readFileSync(join(root, 'a/b/.wh.c'), 'utf8')).toBe('c');
    expect([lstatSync(join(root, 'a')).mtimeMs, lstatSync(join(root, 'a')).mode & 0o777]).toEqual([5000, 0o700]);
  });

  it('stays inside the root through every kind of link', async () => {
    const outside = join(folder, 'victim');
    writeFileSync(outside, 'untouched');
    symlinkSync(folder, join(root, 'out'));
    mkdirSync(join(root, folder), { recursive: true });
    await writeArchive('/', [
      { path: 'out/victim', content: 'evil' },
      { path: 'upwards/made', content: 'inner' },
      { path: 'absolute', content: 'replaced' },
      { path: 'self', type: 'symlink', linkPath: '/proc/self/root' },
    ]);
    await expect(writeArchive('/', [{ path: 'x', type: 'hardlink', linkPath: outside.replace('victim', 'none') }])).rejects.toMatchObject({
      code: 'data-loss',
    });
    await expect(writeArchive('/', [{ path: '../x' }])).rejects.toMatchObject({ code: 'data-loss' });
    expect(readFileSync(outside, 'utf8')).toBe('untouched');
    expect(readFileSync(join(root, folder, 'victim'), 'utf8')).toBe('evil');
    expect(readFileSync(join(root, 'etc/made'), 'utf8')).toBe('inner');
    expect(readFileSync(join(root, 'etc/passwd'), 'utf8')).toBe('the inner one');
    expect(lstatSync(join(root, 'absolute')).isFile()).toBe(true);
  });

  it('replaces directories by files and back, unless that is refused', async () => {
    const strict = { noOverwriteDirNonDir: true };
    await expect(writeArchive('/', [{ path: 'etc', content: 'x' }], strict)).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(writeArchive('/', [{ path: 'run.sh/' }], strict)).rejects.toMatchObject({ code: 'invalid-argument' });
    await writeArchive(
      '/',
      [
        { path: 'etc/more', content: 'x' },
        { path: 'run.sh', content: 'y' },
      ],
      strict,
    );
    expect(readdirSync(join(root, 'etc'))).toEqual(['more', 'passwd']);
    await writeArchive('/', [{ path: 'etc', content: 'x' }, { path: 'run.sh/' }]);
    expect([lstatSync(join(root, 'etc')).isFile(), lstatSync(join(root, 'run.sh')).isDirectory()]).toEqual([true, true]);
  });

  it('wants a directory that is there', async () => {
    await expect(writeArchive('/none', [{ path: 'x' }])).rejects.toMatchObject({ code: 'not-found' });
    await expect(writeArchive('/run.sh', [{ path: 'x' }])).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('tells a broken archive, a source that fails and a signal apart, and leaves the stream to the caller', async () => {
    const broken = Readable.from([makeTar([{ path: 'x', content: 'x'.repeat(5000) }]).subarray(0, 2000)]);
    await expect(files.writeArchive(id, '/', broken)).rejects.toMatchObject({ code: 'data-loss' });
    const failing = Readable.from(
      (async function* () {
        yield makeTar([{ path: 'x', content: 'x'.repeat(5000) }]).subarray(0, 2000);
        throw new Error('the client left');
      })(),
    );
    await expect(files.writeArchive(id, '/', failing)).rejects.toMatchObject({ code: 'data-loss', message: 'the archive broke off' });
    const waiting = new Readable({ read: () => undefined });
    const controller = new AbortController();
    const writing = files.writeArchive(id, '/', waiting, { signal: controller.signal });
    controller.abort();
    await expect(writing).rejects.toMatchObject({ code: 'cancelled' });
    expect(waiting.destroyed).toBe(false);
    waiting.destroy();
  });
});

describe('a container that swaps a directory for a symlink while it is looked into', () => {
  it('never leads a read or a write outside', async () => {
    const outside = mkdtempSync(join(folder, 'outside-'));
    writeFileSync(join(outside, 'file'), 'outside');
    mkdirSync(join(root, 'real'));
    writeFileSync(join(root, 'real/file'), 'inside');
    symlinkSync(outside, join(root, 'link'));
    symlinkSync('real', join(root, 'swap'));
    const program = `
import os, sys
os.chdir(sys.argv[1])
i = 0
while True:
    i += 1
    target = ['real', sys.argv[2]][i % 2]
    try: os.unlink('next')
    except FileNotFoundError: pass
    os.symlink(target, 'next')
    os.rename('next', 'swap')
`;
    const { spawn } = await import('node:child_process');
    const swapper = spawn('python3', ['-c', program, root, outside], { stdio: 'ignore' });
    try {
      let inside = 0;
      for (let round = 0; round < 150; round++) {
        const seen = await files.read(id, '/swap/file').then(String, (error: { code: string }) => error.code);
        expect(['inside', 'not-found']).toContain(seen);
        if (seen === 'inside') inside++;
        await files.write(id, '/swap/file', Buffer.from('inside'), { create: false, overwrite: true }).catch(() => undefined);
        await files.write(id, `/swap/new-${round}`, Buffer.from('x'), { create: true, overwrite: true }).catch(() => undefined);
        await files.remove(id, `/swap/new-${round}`, { recursive: true }).catch(() => undefined);
        if (round % 15 === 0) {
          await writeArchive('/', [
            { path: 'swap/a', content: 'x' },
            { path: 'swap/sub/b', content: 'x' },
            { path: 'swap/sub/', mode: 0o700 },
          ]).catch(() => undefined);
          for (const { content } of await readArchive('/swap/').catch(() => [])) expect(content).not.toBe('outside');
        }
      }
      expect(inside).toBeGreaterThan(0);
    } finally {
      swapper.kill('SIGKILL');
    }
    expect(readdirSync(outside)).toEqual(['file']);
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('outside');
  });
});
