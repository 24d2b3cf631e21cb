import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLayerApplier, createUnpacker, syncFileSystem, type LayerApplier, type Snapshotter } from '@jocker/core';
import { writeImageLayout, type FixtureImageResult } from '@jocker/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCopySnapshotter } from './copy/copy-snapshotter.ts';
import { createOverlaySnapshotter } from './overlay/overlay-snapshotter.ts';

const run = promisify(execFile);
const log = { debug() {}, info() {}, warn() {}, error() {} };
const context = { signal: new AbortController().signal, log };

let folder: string;
let applier: LayerApplier;
let image: FixtureImageResult;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jocker-both-'));
  applier = createLayerApplier();
  const [written] = await writeImageLayout(join(folder, 'layout'), [
    {
      layers: [
        {
          entries: [
            { path: './', mode: 0o750 },
            { path: 'usr/lib/' },
            { path: 'usr/lib/low', content: 'low' },
            { path: 'lib', type: 'symlink', linkPath: 'usr/lib' },
            { path: 'tmp/', mode: 0o1777 },
            { path: 'etc/gone', content: 'x' },
            { path: 'etc/kept', content: 'first', uid: 7, gid: 8, mode: 0o4755 },
            { path: 'var/cache/old', content: 'x' },
            { path: 'dir/', mode: 0o700, uid: 1000, gid: 1000 },
          ],
        },
        {
          compression: 'zstd',
          entries: [
            { path: 'lib/high', content: 'through the link' },
            { path: 'etc/.wh.gone' },
            { path: 'var/cache/new', content: 'y' },
            { path: 'var/cache/.wh..wh..opq' },
            { path: 'dir/inside', content: 'z' },
            { path: 'hard', type: 'hardlink', linkPath: 'etc/kept' },
          ],
        },
        {
          compression: 'none',
          entries: [{ path: 'etc/gone/', mode: 0o711 }, { path: 'etc/gone/again', content: 'back' }, { path: 'tmp/.wh.nothing' }],
        },
      ],
    },
  ]);
  if (written === undefined) throw new Error('no image was written');
  image = written;
});
afterAll(async () => {
  await applier.close();
  await rm(folder, { recursive: true, force: true });
});

async function unpack(snapshotter: Snapshotter): Promise<void> {
  const unpacker = createUnpacker({
    snapshotter,
    contentStore: { pathOf: (digest) => join(folder, 'layout/blobs/sha256', digest.slice(7)) },
    applyLayer: async (request) => await applier.applyLayer(request),
    syncFileSystem,
  });
  const config = { rootfs: { type: 'layers' as const, diffIds: image.diffIds } };
  const { chainId } = await unpacker.unpackImage({ layers: image.layers }, config, context);
  await snapshotter.prepare('c1', chainId, context);
}

/** Every name below a folder with what can be seen of it. */
async function describeTree(root: string, path = '.'): Promise<Record<string, string>> {
  const stats = await lstat(join(root, path));
  const kind = stats.isDirectory() ? 'dir' : stats.isSymbolicLink() ? `-> ${await readlink(join(root, path))}` : 'file';
  const text = stats.isFile() ? (await readFile(join(root, path))).toString() : '';
  const seen: Record<string, string> = { [path]: `${kind} ${(stats.mode & 0o7777).toString(8)} ${stats.uid}:${stats.gid} ${text}`.trim() };
  if (stats.isDirectory())
    for (const name of await readdir(join(root, path))) Object.assign(seen, await describeTree(root, join(path, name)));
  return seen;
}

async function treeOf(snapshotter: Snapshotter): Promise<Record<string, string>> {
  const target = await mkdtemp(join(folder, 'mnt-'));
  const mounted: string[] = [];
  try {
    for (const { type, source, options } of await snapshotter.mounts('c1')) {
      await run('mount', [...(type === 'bind' ? [] : ['-t', type]), '-o', options.join(','), source, target]);
      mounted.push(target);
    }
    return await describeTree(target);
  } finally {
    for (const each of mounted) await run('umount', ['-l', each]);
  }
}

describe('an image unpacked', () => {
  test('looks the same to containers of both snapshotters', async () => {
    const directory = join(folder, 'snapshots');
    await mkdir(directory);
    await using overlay = createOverlaySnapshotter({ directory: join(directory, 'o'), log });
    await using copy = createCopySnapshotter({ directory: join(directory, 'c'), log });
    await unpack(overlay);
    await unpack(copy);
    const seen = await treeOf(overlay);
    expect(await treeOf(copy)).toEqual(seen);
    expect(seen).toEqual({
      // An entry for the root itself is not applied, as in other engines: a closed root would lock every user out.
      '.': 'dir 755 0:0',
      dir: 'dir 700 1000:1000',
      'dir/inside': 'file 644 0:0 z',
      etc: 'dir 755 0:0',
      'etc/gone': 'dir 711 0:0',
      'etc/gone/again': 'file 644 0:0 back',
      'etc/kept': 'file 4755 7:8 first',
      hard: 'file 4755 7:8 first',
      lib: '-> usr/lib 777 0:0',
      tmp: 'dir 1777 0:0',
      usr: 'dir 755 0:0',
      'usr/lib': 'dir 755 0:0',
      'usr/lib/high': 'file 644 0:0 through the link',
      'usr/lib/low': 'file 644 0:0 low',
      var: 'dir 755 0:0',
      'var/cache': 'dir 755 0:0',
      'var/cache/new': 'file 644 0:0 y',
    });
  });

  test('a second unpack applies nothing', async () => {
    await using overlay = createOverlaySnapshotter({ directory: join(folder, 'snapshots', 'o'), log });
    const before = await overlay.list();
    await unpack(overlay);
    expect(await overlay.list()).toEqual(before);
  });
});
