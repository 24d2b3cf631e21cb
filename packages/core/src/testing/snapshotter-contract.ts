import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Digest } from '../oci/digest.ts';
import type { OperationContext } from '../operation/operation-context.ts';
import type { Mount, Snapshotter } from '../snapshot/snapshotter.ts';

const run = promisify(execFile);

export interface SnapshotterUnderTest {
  readonly name: string;
  /** On this folder, which an earlier one of this test may have used. */
  readonly create: (directory: string) => Snapshotter & AsyncDisposable;
}

const chain = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const context: OperationContext = {
  signal: new AbortController().signal,
  log: { debug() {}, info() {}, warn() {}, error() {} },
};

/** What every snapshotter promises. Mounts for real, so it needs root. */
export function describeSnapshotter({ name, create }: SnapshotterUnderTest): void {
  describe(`snapshotter ${name}`, () => {
    let directory: string;
    let snapshotter: Snapshotter & AsyncDisposable;
    let mounted: string[];

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'jocker-snapshot-'));
      mounted = [];
      snapshotter = create(join(directory, 'root'));
    });
    afterEach(async () => {
      for (const target of mounted) await run('umount', ['-l', target]);
      await snapshotter[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    });

    async function reopen(): Promise<void> {
      await snapshotter[Symbol.asyncDispose]();
      snapshotter = create(join(directory, 'root'));
    }
    async function mount(mounts: readonly Mount[]): Promise<string> {
      const target = await mkdtemp(join(directory, 'mnt-'));
      for (const { type, source, options } of mounts) {
        const kind = type === 'bind' ? [] : ['-t', type];
        await run('mount', [...kind, '-o', options.join(','), source, target]);
        mounted.push(target);
      }
      return target;
    }
    /** A layer of plain files. */
    async function layer(id: Digest, parent: Digest | undefined, files: Readonly<Record<string, string>>): Promise<void> {
      const { directory: folder } = await snapshotter.prepareLayer(`unpack-${id.slice(7, 12)}`, parent, context);
      for (const [path, text] of Object.entries(files)) {
        await mkdir(join(folder, path, '..'), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      await snapshotter.commitLayer(id, `unpack-${id.slice(7, 12)}`);
    }

    test('probes well on this machine', async () => {
      expect(await snapshotter.probe()).toMatchObject({ usable: true });
      expect(await snapshotter.list()).toEqual({ keys: [], layers: [] });
    });

    test('shows the files of all layers, the upper ones first', async () => {
      await layer(chain('a'), undefined, { 'etc/one': '1', 'etc/both': 'low' });
      await layer(chain('b'), chain('a'), { 'etc/two': '2', 'etc/both': 'high' });
      const root = await mount(await snapshotter.prepare('c1', chain('b'), context));
      expect((await readdir(join(root, 'etc'))).toSorted()).toEqual(['both', 'one', 'two']);
      expect(await readFile(join(root, 'etc/both'), 'utf8')).toBe('high');
    });

    test('gives a writable root on one layer and on none', async () => {
      await layer(chain('a'), undefined, { file: 'x' });
      for (const parent of [chain('a'), undefined]) {
        const root = await mount(await snapshotter.prepare(`c-${parent === undefined ? 'none' : 'one'}`, parent, context));
        await writeFile(join(root, 'new'), 'y');
        expect(await readFile(join(root, 'new'), 'utf8')).toBe('y');
        await rm(join(root, 'file'), { force: true });
        expect(await readdir(root)).toEqual(['new']);
      }
    });

    test('keeps what one writes from the others and from the layer', async () => {
      await layer(chain('a'), undefined, { file: 'layer' });
      const one = await mount(await snapshotter.prepare('c1', chain('a'), context));
      const two = await mount(await snapshotter.prepare('c2', chain('a'), context));
      await writeFile(join(one, 'file'), 'one');
      await writeFile(join(one, 'more'), 'one');
      expect(await readFile(join(two, 'file'), 'utf8')).toBe('layer');
      expect(await readdir(two)).toEqual(['file']);
      const view = await mount(await snapshotter.view(chain('a')));
      expect(await readFile(join(view, 'file'), 'utf8')).toBe('layer');
    });

    test('a view cannot be written', async () => {
      await layer(chain('a'), undefined, { file: 'x' });
      const view = await mount(await snapshotter.view(chain('a')));
      await expect(writeFile(join(view, 'file'), 'y')).rejects.toMatchObject({ code: 'EROFS' });
    });

    test('the root looks like that of the top layer', async () => {
      const { directory: folder } = await snapshotter.prepareLayer('unpack-1', undefined, context);
      await chmod(folder, 0o1777);
      await snapshotter.commitLayer(chain('a'), 'unpack-1');
      const root = await mount(await snapshotter.prepare('c1', chain('a'), context));
      expect((await stat(root)).mode & 0o7777).toBe(0o1777);
    });

    test('a layer counts when it is committed, and not before', async () => {
      await snapshotter.prepareLayer('unpack-1', undefined, context);
      expect(await snapshotter.has(chain('a'))).toBe(false);
      expect(await snapshotter.list()).toEqual({ keys: ['unpack-1'], layers: [] });
      await snapshotter.commitLayer(chain('a'), 'unpack-1');
      expect(await snapshotter.has(chain('a'))).toBe(true);
      expect(await snapshotter.list()).toEqual({ keys: [], layers: [chain('a')] });
    });

    test('the second of two commits of one chain id changes nothing', async () => {
      await layer(chain('a'), undefined, { file: 'first' });
      const { directory: folder } = await snapshotter.prepareLayer('unpack-late', undefined, context);
      await writeFile(join(folder, 'file'), 'second');
      await snapshotter.commitLayer(chain('a'), 'unpack-late');
      expect(await snapshotter.list()).toEqual({ keys: [], layers: [chain('a')] });
      const view = await mount(await snapshotter.view(chain('a')));
      expect(await readFile(join(view, 'file'), 'utf8')).toBe('first');
    });

    test('prepare again gives the same mounts and keeps what was written', async () => {
      await layer(chain('a'), undefined, { file: 'x' });
      const first = await snapshotter.prepare('c1', chain('a'), context);
      const root = await mount(first);
      await writeFile(join(root, 'mine'), 'kept');
      expect(await snapshotter.prepare('c1', chain('a'), context)).toEqual(first);
      expect(await snapshotter.mounts('c1')).toEqual(first);
      expect(await readFile(join(root, 'mine'), 'utf8')).toBe('kept');
    });

    test('two prepares of one key at the same time end in one snapshot', async () => {
      await layer(chain('a'), undefined, { file: 'x' });
      const both = await Promise.all([1, 2].map(async () => await snapshotter.prepare('c1', chain('a'), context)));
      expect(both[0]).toEqual(both[1]);
      expect(await readdir(await mount(both[0] ?? []))).toEqual(['file']);
    });

    test('everything is there again for a later process', async () => {
      await layer(chain('a'), undefined, { file: 'x' });
      await layer(chain('b'), chain('a'), { other: 'y' });
      const root = await mount(await snapshotter.prepare('c1', chain('b'), context));
      await writeFile(join(root, 'mine'), 'kept');
      await run('umount', ['-l', mounted.pop() ?? '']);
      const before = await snapshotter.mounts('c1');
      await reopen();
      expect(await snapshotter.list()).toEqual({ keys: ['c1'], layers: [chain('a'), chain('b')] });
      expect(await snapshotter.mounts('c1')).toEqual(before);
      expect((await readdir(await mount(before))).toSorted()).toEqual(['file', 'mine', 'other']);
    });

    test('an unpacking that a crash cut off counts for nothing and can be removed', async () => {
      const { directory: folder } = await snapshotter.prepareLayer('unpack-1', undefined, context);
      await writeFile(join(folder, 'half'), 'x');
      await reopen();
      expect(await snapshotter.list()).toEqual({ keys: ['unpack-1'], layers: [] });
      await snapshotter.remove('unpack-1');
      expect(await snapshotter.list()).toEqual({ keys: [], layers: [] });
      await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
      await layer(chain('a'), undefined, { file: 'x' });
      expect(await readdir(await mount(await snapshotter.view(chain('a'))))).toEqual(['file']);
    });

    test('a removed key is gone, its layers stay', async () => {
      await layer(chain('a'), undefined, { file: 'x' });
      await snapshotter.prepare('c1', chain('a'), context);
      const [top] = await snapshotter.directories('c1');
      await snapshotter.remove('c1');
      await snapshotter.remove('c1');
      await expect(snapshotter.mounts('c1')).rejects.toMatchObject({ code: 'not-found' });
      await expect(stat(top ?? '')).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await snapshotter.list()).toEqual({ keys: [], layers: [chain('a')] });
      expect(await readdir(await mount(await snapshotter.prepare('c1', chain('a'), context)))).toEqual(['file']);
    });

    test('a key that is removed while it is being prepared leaves nothing', async () => {
      await layer(chain('a'), undefined, { file: 'x' });
      const preparing = snapshotter.prepare('c1', chain('a'), context);
      await snapshotter.remove('c1');
      await preparing.catch(() => undefined);
      await snapshotter.remove('c1');
      expect(await snapshotter.list()).toEqual({ keys: [], layers: [chain('a')] });
      await reopen();
      expect(await snapshotter.list()).toEqual({ keys: [], layers: [chain('a')] });
    });

    test('a key can be removed while its mount is still there', async () => {
      await layer(chain('a'), undefined, { file: 'x' });
      const root = await mount(await snapshotter.prepare('c1', chain('a'), context));
      await snapshotter.remove('c1');
      expect(await snapshotter.list()).toEqual({ keys: [], layers: [chain('a')] });
      expect(root).toBeDefined();
    });

    test('a layer goes only when nothing builds on it', async () => {
      await layer(chain('a'), undefined, { file: 'x' });
      await layer(chain('b'), chain('a'), { other: 'y' });
      await snapshotter.prepare('c1', chain('b'), context);
      const inUse = { code: 'failed-precondition', details: { reason: 'in-use' } };
      await expect(snapshotter.removeLayer(chain('a'))).rejects.toMatchObject(inUse);
      await expect(snapshotter.removeLayer(chain('b'))).rejects.toMatchObject(inUse);
      await snapshotter.remove('c1');
      await snapshotter.removeLayer(chain('b'));
      await snapshotter.removeLayer(chain('a'));
      await snapshotter.removeLayer(chain('a'));
      expect(await snapshotter.list()).toEqual({ keys: [], layers: [] });
      await reopen();
      expect(await snapshotter.list()).toEqual({ keys: [], layers: [] });
    });

    test('the directories hold what the mount shows, without a mount', async () => {
      await layer(chain('a'), undefined, { low: 'x' });
      await layer(chain('b'), chain('a'), { high: 'y' });
      await snapshotter.prepare('c1', chain('b'), context);
      for (const folders of [await snapshotter.directories('c1'), await snapshotter.layerDirectories(chain('b'))]) {
        const names = (await Promise.all(folders.map(async (folder) => await readdir(folder)))).flat();
        expect(new Set(names)).toEqual(new Set(['low', 'high']));
      }
    });

    test('usage grows with what is written', async () => {
      await layer(chain('a'), undefined, { file: 'x'.repeat(100_000) });
      expect(await snapshotter.layerUsage(chain('a'))).toBeGreaterThanOrEqual(100_000);
      const root = await mount(await snapshotter.prepare('c1', chain('a'), context));
      const before = await snapshotter.usage('c1');
      await writeFile(join(root, 'mine'), Buffer.alloc(300_000, 1));
      await run('sync', ['-f', root]);
      expect(await snapshotter.usage('c1')).toBeGreaterThanOrEqual(before + 300_000);
    });

    test.each(['', '..', '../x', 'a/b', '.hidden', 'x\0y', 'k'.repeat(200)])('key %j is refused', async (key) => {
      await expect(snapshotter.prepare(key, undefined, context)).rejects.toMatchObject({ code: 'invalid-argument' });
      await expect(snapshotter.prepareLayer(key, undefined, context)).rejects.toMatchObject({ code: 'invalid-argument' });
    });

    test('what is not there is not found', async () => {
      for (const call of [
        async () => await snapshotter.mounts('nobody'),
        async () => await snapshotter.directories('nobody'),
        async () => await snapshotter.usage('nobody'),
        async () => await snapshotter.view(chain('f')),
        async () => await snapshotter.layerDirectories(chain('f')),
        async () => await snapshotter.layerUsage(chain('f')),
        async () => await snapshotter.prepare('c1', chain('f'), context),
        async () => await snapshotter.commitLayer(chain('f'), 'nobody'),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'not-found' });
      }
      await snapshotter.remove('nobody');
      await snapshotter.removeLayer(chain('f'));
    });
  });
}
