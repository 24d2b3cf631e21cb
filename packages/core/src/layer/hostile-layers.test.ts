import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { native } from '@jocker/native';
import { afterAll, describe, expect, it } from 'vitest';
import { makeTar, type FixtureEntry } from '../testing/image-fixture.ts';
import { createLayerApplier, type ApplyLayerRequest } from './apply-layer.ts';
import type { AppliedLayer } from './unpack-layer.ts';

const folder = mkdtempSync(join(tmpdir(), 'jocker-hostile-'));
const applier = createLayerApplier({ workers: 1 });
afterAll(async () => {
  await applier.close();
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;

/** The directory lies in a folder of its own with a victim beside it, at depths that attacks may guess. */
interface Place {
  readonly directory: string;
  readonly outside: string;
}
function newPlace(): Place {
  const outside = join(folder, `place-${count++}`);
  const directory = join(outside, 'layer/fs');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(outside, 'victim'), 'untouched', { mode: 0o640 });
  mkdirSync(join(outside, 'victims'));
  writeFileSync(join(outside, 'victims/file'), 'untouched');
  return { directory, outside };
}

function checkOutside({ outside }: Place): void {
  expect(readdirSync(outside).toSorted()).toEqual(['layer', 'victim', 'victims']);
  expect(readdirSync(join(outside, 'layer'))).toEqual(['fs']);
  expect(readdirSync(join(outside, 'victims'))).toEqual(['file']);
  expect(readFileSync(join(outside, 'victim'), 'utf8')).toBe('untouched');
  expect(lstatSync(join(outside, 'victim')).mode & 0o7777).toBe(0o640);
  expect(lstatSync(join(outside, 'victim')).uid).toBe(0);
}

async function applyBytes(blob: Buffer, place: Place, options: Partial<ApplyLayerRequest> = {}): Promise<AppliedLayer> {
  const blobPath = join(folder, `blob-${count++}`);
  writeFileSync(blobPath, blob);
  try {
    return await applier.applyLayer({
      blobPath,
      directory: place.directory,
      whiteouts: 'overlay',
      signal: new AbortController().signal,
      ...options,
    });
  } finally {
    checkOutside(place);
  }
}
const apply = (
  entries: readonly (FixtureEntry | Buffer)[],
  place: Place,
  options: Partial<ApplyLayerRequest> = {},
): Promise<AppliedLayer> => applyBytes(makeTar(entries), place, options);

const dataLoss = expect.objectContaining({ code: 'data-loss' });
const exhausted = expect.objectContaining({ code: 'resource-exhausted' });

describe('paths that lead out of the root', () => {
  it.each<[string, readonly FixtureEntry[]]>([
    ['dots', [{ path: '../../victim', content: 'evil' }]],
    ['dots behind a directory', [{ path: 'a/../../../victim', content: 'evil' }]],
    ['a hard link to dots', [{ path: 'x', type: 'hardlink', linkPath: '../../victim' }]],
    ['a hard link to an absolute path that is not inside', [{ path: 'x', type: 'hardlink', linkPath: '/etc/passwd' }]],
    [
      'a hard link through a symlink that leads out',
      [
        { path: 's', type: 'symlink', linkPath: '../..' },
        { path: 'x', type: 'hardlink', linkPath: 's/victim' },
      ],
    ],
    ['a name with a NUL', [{ path: Buffer.from(`${'a'.repeat(120)}\0b`), content: 'x' }]],
    ['the whiteout of nothing', [{ path: '.wh.' }]],
    ['the whiteout of the directory itself', [{ path: 'a/.wh..' }]],
    ['the whiteout of the parent', [{ path: 'a/.wh...' }]],
    ['an entry below a whiteout', [{ path: '.wh.a/b' }]],
    ['an entry below a file', [{ path: 'a' }, { path: 'a/b' }]],
    ['a symlink to itself as a parent', [{ path: 'a', type: 'symlink', linkPath: 'a' }, { path: 'a/b' }]],
    ['a hard link to a directory', [{ path: 'a/' }, { path: 'x', type: 'hardlink', linkPath: 'a' }]],
    ['a hard link to a whiteout', [{ path: '.wh.a' }, { path: 'x', type: 'hardlink', linkPath: 'a' }]],
  ])('are refused: %s', async (_name, entries) => {
    await expect(apply(entries, newPlace())).rejects.toEqual(dataLoss);
  });

  it('begin at the root when they are absolute', async () => {
    const place = newPlace();
    await apply([{ path: '/etc/passwd', content: 'inner' }, { path: '//etc///shadow', content: 'inner' }, { path: './a/./b/../c' }], place);
    expect(readdirSync(join(place.directory, 'etc'))).toEqual(['passwd', 'shadow']);
    expect(readdirSync(join(place.directory, 'a'))).toEqual(['c']);
  });

  it.each(['overlay', 'plain'] as const)('stay inside when symlinks lead out (%s)', async (whiteouts) => {
    const place = newPlace();
    await apply(
      [
        { path: 'up', type: 'symlink', linkPath: '../../../../../../../../..' },
        { path: 'up/victim', content: 'evil' },
        { path: 'absolute', type: 'symlink', linkPath: place.outside },
        { path: 'absolute/victim', content: 'evil' },
        { path: 'chain', type: 'symlink', linkPath: 'absolute/victims' },
        { path: 'chain/file', content: 'evil' },
        { path: 'magic', type: 'symlink', linkPath: '/proc/self/cwd' },
        { path: 'magic/x', content: 'evil' },
      ],
      place,
      { whiteouts },
    );
    expect(readFileSync(join(place.directory, 'victim'), 'utf8')).toBe('evil');
    expect(readFileSync(join(place.directory, place.outside, 'victims/file'), 'utf8')).toBe('evil');
  });

  it('do not lead through a final symlink: it is replaced', async () => {
    const place = newPlace();
    const victim = join(place.outside, 'victim');
    await apply(
      [
        { path: 'a', type: 'symlink', linkPath: victim },
        { path: 'a', content: 'a file', mode: 0o777, uid: 1 },
        { path: 'b', type: 'symlink', linkPath: join(place.outside, 'victims') },
        { path: 'b/', mode: 0o777, uid: 1 },
        { path: 'c', type: 'symlink', linkPath: victim, uid: 5, mode: 0o777, xattrs: { 'trusted.x': Buffer.from('x') } },
        { path: 'd', type: 'hardlink', linkPath: 'c' },
        { path: 'd', type: 'fifo' },
      ],
      place,
    );
    expect(lstatSync(join(place.directory, 'a')).isFile()).toBe(true);
    expect(lstatSync(join(place.directory, 'b')).isDirectory()).toBe(true);
    expect(lstatSync(join(place.directory, 'c')).isSymbolicLink()).toBe(true);
  });

  it('do not let whiteouts remove anything outside', async () => {
    const place = newPlace();
    for (const [name, target] of [
      ['s', place.outside],
      ['t', '../..'],
    ] as const)
      symlinkSync(target, join(place.directory, name));
    await apply(
      [{ path: 's/.wh.victim' }, { path: 's/.wh..wh..opq' }, { path: 't/.wh.victims' }, { path: 't/.wh..wh..opq' }, { path: '.wh.s' }],
      place,
      { whiteouts: 'plain' },
    );
    expect(existsSync(join(place.directory, 's'))).toBe(false);
  });

  it('of lower layers are followed inside the root only', async () => {
    const lower = newPlace();
    symlinkSync(lower.outside, join(lower.directory, 'out'));
    symlinkSync('../../..', join(lower.directory, 'up'));
    const place = newPlace();
    await apply(
      [
        { path: 'out/victim', content: 'evil' },
        { path: 'up/x', content: 'x' },
      ],
      place,
      { parentDirectories: [lower.directory] },
    );
    checkOutside(lower);
    expect(readFileSync(join(place.directory, lower.outside, 'victim'), 'utf8')).toBe('evil');
  });
});

describe('entries that are not what they seem', () => {
  it('a FIFO or device as /etc/passwd is made and not opened', async () => {
    const place = newPlace();
    await apply(
      [
        { path: 'etc/passwd', type: 'fifo' },
        { path: 'etc/group', type: 'character-device', device: [5, 1] },
        { path: 'etc/passwd', content: 'file' },
      ],
      place,
    );
    expect(readFileSync(join(place.directory, 'etc/passwd'), 'utf8')).toBe('file');
  });

  it("overlayfs' own attributes are left out", async () => {
    const place = newPlace();
    const evil = Buffer.from('y');
    await apply(
      [
        {
          path: 'd/',
          xattrs: {
            'trusted.overlay.opaque': evil,
            'trusted.overlay.redirect': Buffer.from('/etc'),
            'user.overlay.opaque': evil,
            'user.kept': evil,
          },
        },
      ],
      place,
    );
    expect(native().llistxattr(join(place.directory, 'd')).map(String)).toEqual(['user.kept']);
  });

  it('the root itself stays as it is, whatever an entry says of it', async () => {
    const place = newPlace();
    await apply([{ path: './', mode: 0o000, uid: 7 }, { path: '/', type: 'symlink', linkPath: '/etc' }, { path: 'a/..' }], place);
    expect([lstatSync(place.directory).mode & 0o777, lstatSync(place.directory).uid]).toEqual([0o755, 0]);
  });

  it('sparse files and unknown types are refused by name', async () => {
    const header = (type: string): Buffer => {
      const block = makeTar([{ path: 'odd' }]).subarray(0, 512);
      block.write(type, 156);
      block.write('        ', 148);
      block.write(
        `${block
          .reduce((sum, byte) => sum + byte, 0)
          .toString(8)
          .padStart(6, '0')}\0 `,
        148,
      );
      return block;
    };
    await expect(apply([header('S')], newPlace())).rejects.toThrow(/"odd" is a sparse file/);
    await expect(apply([header('M')], newPlace())).rejects.toThrow(/"odd" is of the unknown type "M"/);
  });
});

describe('archives that are broken', () => {
  const tar = makeTar([
    { path: 'a', content: 'x'.repeat(3000) },
    { path: 'b', content: Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919) % 256)) },
  ]);
  it.each<[string, Buffer]>([
    ['a truncated tar', tar.subarray(0, 1500)],
    ['a tar that ends in a header', tar.subarray(0, 300)],
    ['a truncated gzip', gzipSync(tar).subarray(0, 200)],
    ['a truncated zstd', zstdCompressSync(tar).subarray(0, 200)],
    ['gzip with a flipped byte', ((bytes) => bytes.fill(bytes[100]! ^ 0xff, 100, 101))(gzipSync(tar))],
    ['no tar', Buffer.from('this is not a tar archive, and it is longer than one block: '.repeat(20))],
    ['a header after the end', Buffer.concat([Buffer.alloc(512), tar])],
    ['another checksum', ((bytes) => bytes.fill(0x62, 0, 1))(Buffer.from(tar))],
  ])('are data-loss: %s', async (_name, blob) => {
    await expect(applyBytes(blob, newPlace())).rejects.toEqual(dataLoss);
  });

  it('are data-loss when the diff id differs', async () => {
    await expect(applyBytes(tar, newPlace(), { expectedDiffId: `sha256:${'0'.repeat(64)}` })).rejects.toEqual(dataLoss);
  });

  it.each(['30 path=a\n', '12 path=a\n', 'x path=a\n', '0 path=a\n', '99999999999 path=a\n', '8 patha\n'])(
    'are data-loss with the PAX record %j',
    async (record) => {
      const block = makeTar([{ path: 'pax', content: record }]).subarray(0, 1024);
      block.write('x', 156);
      block.write('        ', 148);
      block.write(
        `${block
          .subarray(0, 512)
          .reduce((sum, byte) => sum + byte, 0)
          .toString(8)
          .padStart(6, '0')}\0 `,
        148,
      );
      await expect(apply([block, { path: 'x' }], newPlace())).rejects.toEqual(dataLoss);
    },
  );

  it('with a missing blob are an error with its cause', async () => {
    const applying = applier.applyLayer({
      blobPath: join(folder, 'none'),
      directory: newPlace().directory,
      whiteouts: 'plain',
      signal: new AbortController().signal,
    });
    await expect(applying).rejects.toMatchObject({ code: 'internal', cause: expect.stringContaining('ENOENT') as string });
  });
});

describe('bounds', () => {
  const claims = (bytes: number, type: string): Buffer => {
    const block = makeTar([{ path: 'claim' }]).subarray(0, 512);
    block.write(bytes.toString(8).padStart(11, '0'), 124);
    block.write(type, 156);
    block.write('        ', 148);
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return block;
  };

  it.each(['x', 'g', 'L', 'K'])('refuse an extension header %s of 1 GB before reading it', async (type) => {
    await expect(apply([claims(2 ** 30, type)], newPlace())).rejects.toEqual(exhausted);
  });

  it('refuse an entry that claims more than a layer may have', async () => {
    await expect(apply([claims(2 ** 32, '0')], newPlace(), { limits: { maxBytes: 2 ** 20 } })).rejects.toEqual(exhausted);
  });

  it.each([gzipSync, zstdCompressSync])('refuse what unpacks to more than 200 times its size', async (compress) => {
    const bomb = compress(makeTar([{ path: 'zeros', content: Buffer.alloc(4 << 20) }]));
    await expect(applyBytes(bomb, newPlace(), { limits: { ratioFreeBytes: 1 << 20 } })).rejects.toEqual(exhausted);
    await expect(applyBytes(bomb, newPlace())).resolves.toMatchObject({ entries: 1 });
  });

  it('refuse too many bytes, entries, folders in a path, attributes, and paths that the kernel cannot take', async () => {
    const [a, b] = [{ path: 'a' }, { path: 'b', content: 'x'.repeat(4000) }];
    await expect(apply([a, b], newPlace(), { limits: { maxBytes: 4000 } })).rejects.toEqual(exhausted);
    await expect(apply([a, b], newPlace(), { limits: { maxEntries: 1 } })).rejects.toEqual(exhausted);
    await expect(apply([{ path: 'd/'.repeat(600) }], newPlace())).rejects.toEqual(exhausted);
    await expect(apply([{ path: `${'d'.repeat(200)}/`.repeat(21) }], newPlace())).rejects.toEqual(exhausted);
    await expect(apply([{ path: 'a', xattrs: { 'user.x': Buffer.alloc(300_000) } }], newPlace())).rejects.toEqual(exhausted);
  });

  it('tell a full disk as resource-exhausted', async () => {
    const disk = mkdtempSync(join(folder, 'disk-'));
    native().mount('tmpfs', disk, 'tmpfs', 0, 'size=64k');
    try {
      const blobPath = join(folder, `blob-${count++}`);
      writeFileSync(blobPath, makeTar([{ path: 'large', content: Buffer.alloc(1 << 20, 1) }]));
      const applying = applier.applyLayer({ blobPath, directory: disk, whiteouts: 'overlay', signal: new AbortController().signal });
      await expect(applying).rejects.toEqual(exhausted);
    } finally {
      native().unmount(disk, 2);
    }
  });
});
