import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSnapshotter } from '@jocker/core/testing';
import { native } from '@jocker/native';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Digest } from '@jocker/core';
import { overlayOptions } from './overlay-options.ts';
import { createOverlaySnapshotter } from './overlay-snapshotter.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const context = { signal: new AbortController().signal, log };

describeSnapshotter({ name: 'overlay', create: (directory) => createOverlaySnapshotter({ directory, log }) });

let folder: string;
const mounted: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jo-'));
});
afterEach(async () => {
  for (const target of mounted.splice(0)) native().unmount(target, 2);
  await rm(folder, { recursive: true, force: true });
});

async function mountAt(options: readonly string[]): Promise<string> {
  const target = await mkdtemp(join(folder, 'mnt-'));
  native().mount('overlay', target, 'overlay', 0, options.filter((option) => option !== 'ro').join(','));
  mounted.push(target);
  return target;
}

async function withLayers(count: number, directory: string, shortcut?: string): Promise<readonly string[]> {
  await using snapshotter = createOverlaySnapshotter({ directory, ...(shortcut === undefined ? {} : { shortcut }), log });
  let parent: Digest | undefined;
  for (let index = 0; index < count; index += 1) {
    const { directory: layer } = await snapshotter.prepareLayer(`unpack-${index}`, parent, context);
    await writeFile(join(layer, `f${index}`), '');
    parent = `sha256:${index.toString(16).padStart(64, '0')}`;
    await snapshotter.commitLayer(parent, `unpack-${index}`, 1);
  }
  return (await snapshotter.prepare('c'.repeat(64), parent, context))[0]?.options ?? [];
}

test('127 layers mount, by a short link where their own paths would not fit', async () => {
  const deep = join(folder, 'a-data-root-with-a-name-that-somebody-thought-about', 'overlay');
  const options = await withLayers(127, deep, join(folder, 'l'));
  expect(Buffer.byteLength(options.join(','))).toBeLessThan(4096);
  expect(await readdir(await mountAt(options))).toHaveLength(127);
});

test('layers that cannot fit are refused in a sentence that says what to do', async () => {
  await expect(withLayers(60, join(folder, 'x'.repeat(100)))).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('use a shorter data root'),
  });
});

test('what a container deletes and writes lies in its upper folder alone', async () => {
  await using snapshotter = createOverlaySnapshotter({ directory: join(folder, 'o'), log });
  const { directory } = await snapshotter.prepareLayer('unpack-1', undefined, context);
  execFileSync('mkdir', ['-p', join(directory, 'dir')]);
  await writeFile(join(directory, 'gone'), 'x');
  await writeFile(join(directory, 'dir', 'inside'), 'x');
  const id: Digest = `sha256:${'a'.repeat(64)}`;
  await snapshotter.commitLayer(id, 'unpack-1');
  const [mount] = await snapshotter.prepare('c1', id, context);
  const root = await mountAt(mount?.options ?? []);
  await rm(join(root, 'gone'));
  execFileSync('mv', [join(root, 'dir'), join(root, 'moved')]);
  const changes = (await snapshotter.changesDirectory('c1')) ?? '';
  expect((await readdir(changes)).toSorted()).toEqual(['dir', 'gone', 'moved']);
  expect((await stat(join(changes, 'gone'))).rdev).toBe(0);
  expect(await readdir(join(changes, 'moved'))).toEqual(['inside']);
});

test('one layer is viewed as an overlay, so that its whiteouts stay invisible', async () => {
  await using snapshotter = createOverlaySnapshotter({ directory: join(folder, 'o'), log });
  const { directory } = await snapshotter.prepareLayer('unpack-1', undefined, context);
  native().mknod(join(directory, 'deleted'), 0o020000, 0, 0);
  await writeFile(join(directory, 'kept'), 'x');
  const id: Digest = `sha256:${'a'.repeat(64)}`;
  await snapshotter.commitLayer(id, 'unpack-1');
  const [mount] = await snapshotter.view(id);
  expect(await readdir(await mountAt(mount?.options ?? []))).toEqual(['kept']);
});

test('leftovers of a crash between two steps are swept at the next start', async () => {
  const directory = join(folder, 'o');
  await withLayers(1, directory);
  execFileSync('mkdir', [
    '-p',
    join(directory, 'l', 'zz', 'orphan'),
    join(directory, 'a', '.half', 'u'),
    join(directory, 'a', 'nonsense'),
    join(directory, 'trash', 'old', 'x'),
  ]);
  await writeFile(join(directory, 'chains', `sha256-${'b'.repeat(64)}`), '{"chainId":');
  const snapshotter = createOverlaySnapshotter({ directory, log });
  expect((await snapshotter.list()).keys).toEqual(['c'.repeat(64)]);
  await snapshotter[Symbol.asyncDispose]();
  const again = createOverlaySnapshotter({ directory, log });
  await again.list();
  await again[Symbol.asyncDispose]();
  expect(await readdir(join(directory, 'l'))).toEqual(['1']);
  expect(await readdir(join(directory, 'a'))).toEqual([`${'c'.repeat(64)}@1`]);
  expect(await readdir(join(directory, 'chains'))).toHaveLength(1);
});

test('a data root that the options cannot spell is said to be unusable', async () => {
  await using snapshotter = createOverlaySnapshotter({ directory: join(folder, 'a,b'), log });
  expect(await snapshotter.probe()).toEqual({ usable: false, reason: expect.stringContaining('comma') });
});

test('an overlay on a file system that cannot carry one says so', async () => {
  const options = await withLayers(1, join(folder, 'o'));
  const nested = await mountAt(options);
  await using snapshotter = createOverlaySnapshotter({ directory: join(nested, 'inner'), log });
  expect(await snapshotter.probe()).toEqual({ usable: false, reason: expect.stringContaining('cannot carry an overlay') });
});

test('an overlay without layers has an empty folder below it', () => {
  expect(overlayOptions({ layers: [], upper: '/u', work: '/w' }, '/l', undefined, '/empty')[0]).toBe('lowerdir=/empty');
  expect(overlayOptions({ layers: ['1', '2'] }, '/l', undefined, '/empty').slice(0, 2)).toEqual(['lowerdir=/l/1:/l/2', 'ro']);
});
