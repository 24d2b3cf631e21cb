import { expect, test } from 'vitest';
import type { Digest } from '../oci/digest.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { AppliedLayer } from '../layer/unpack-layer.ts';
import { chainIds } from './chain-id.ts';
import type { Snapshotter } from './snapshotter.ts';
import { createUnpacker, type Unpacker, type UnpackerOptions } from './unpack-image.ts';

const digest = (text: string): Digest => `sha256:${Buffer.from(text).toString('hex').padStart(64, '0')}`;
const log = { debug() {}, info() {}, warn() {}, error() {} };

/** An image whose layer `x` has the diff id and the blob of that name. */
const image = (names: string) => ({
  manifest: { layers: names.split('').map((name) => ({ mediaType: 'layer', digest: digest(name), size: 10 })) },
  config: { rootfs: { type: 'layers' as const, diffIds: names.split('').map((name) => digest(name)) } },
});

/** What a snapshotter keeps, with a journal of what was asked of it. */
function fakeSnapshotter(
  whiteouts: 'overlay' | 'plain',
  journal: string[],
): Snapshotter & { readonly keys: Map<string, Digest | undefined> } {
  const keys = new Map<string, Digest | undefined>();
  const layers = new Set<Digest>();
  const directories = new Map<Digest, string>();
  const unused = (): never => {
    throw new Error('not used here');
  };
  return {
    keys,
    name: 'fake',
    whiteouts,
    probe: async () => ({ usable: true }),
    has: async (chainId) => layers.has(chainId),
    prepareLayer: async (key, parent) => {
      if (whiteouts === 'plain' && parent !== undefined && !layers.has(parent)) throw new Error('the parent is not there');
      keys.set(key, parent);
      return { directory: `/layers/${key}` };
    },
    commitLayer: async (chainId, key) => {
      directories.set(chainId, `/layers/${key}`);
      const parent = keys.get(key);
      if (parent !== undefined && !layers.has(parent)) throw new Error('the parent is not there');
      keys.delete(key);
      layers.add(chainId);
      journal.push('commit');
    },
    remove: async (key) => void keys.delete(key),
    list: async () => ({ keys: [...keys.keys()], layers: [...layers] }),
    prepare: unused,
    mounts: unused,
    view: unused,
    changesDirectory: unused,
    directories: unused,
    layerDirectories: async (chainId) => [directories.get(chainId) ?? ''],
    usage: unused,
    layerUsage: unused,
    removeLayer: unused,
  };
}

interface Applying {
  readonly name: string;
  readonly directory: string;
  readonly below: readonly string[] | 'pending';
  finish(): void;
  fail(error: Error): void;
  progress(bytes: number): void;
}

function bench(whiteouts: 'overlay' | 'plain' = 'overlay') {
  const journal: string[] = [];
  const applying: Applying[] = [];
  const arrivals: (() => void)[] = [];
  const snapshotter = fakeSnapshotter(whiteouts, journal);
  const applyLayer: UnpackerOptions['applyLayer'] = async ({ blobPath, directory, parentDirectories, signal, onProgress }) => {
    const done = Promise.withResolvers<AppliedLayer>();
    signal.addEventListener('abort', () => done.reject(new JockerError('cancelled', 'stopped')));
    applying.push({
      name: blobPath,
      directory,
      below: parentDirectories ?? [],
      finish: () => done.resolve({ bytes: 1, sizeBytes: 1, entries: 1, diffId: digest('any'), warnings: [] }),
      fail: (error) => done.reject(error),
      progress: (bytes) => onProgress?.(bytes),
    });
    for (const wake of arrivals.splice(0)) wake();
    return await done.promise;
  };
  const unpacker = createUnpacker({
    snapshotter,
    contentStore: { pathOf: (blob) => Buffer.from(blob.slice(7).replace(/^(00)+/, ''), 'hex').toString() },
    applyLayer,
    syncFileSystem: async () => void journal.push('sync'),
  });
  return {
    unpacker,
    snapshotter,
    journal,
    /** The layer of that name, as soon as someone begins to apply it. */
    next: async (name: string): Promise<Applying> => {
      for (;;) {
        const index = applying.findIndex((each) => each.name === name);
        const [found] = index === -1 ? [] : applying.splice(index, 1);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => arrivals.push(resolve));
      }
    },
    applying,
  };
}

const unpack = (unpacker: Unpacker, names: string, signal: AbortSignal = new AbortController().signal) => {
  const { manifest, config } = image(names);
  return unpacker.unpackImage(manifest, config, { signal, log });
};

test('layers are applied two at a time, synced once, and committed lowest first', async () => {
  const { unpacker, journal, snapshotter, next, applying } = bench();
  const result = unpack(unpacker, 'abc');
  const [a, b] = [await next('a'), await next('b')];
  expect([a.name, b.name, applying.length]).toEqual(['a', 'b', 0]);
  expect([a.below, b.below]).toEqual([[], 'pending']);
  b.finish();
  (await next('c')).finish();
  a.finish();
  expect(await result).toEqual({ chainId: chainIds(image('abc').config.rootfs.diffIds).at(-1), applied: 3 });
  expect(journal).toEqual(['sync', 'commit', 'commit', 'commit']);
  expect((await snapshotter.list()).layers).toEqual(chainIds(image('abc').config.rootfs.diffIds));
});

test('a layer that needs those below it is applied again when they are there', async () => {
  const { unpacker, next } = bench();
  const result = unpack(unpacker, 'abc');
  const a = await next('a');
  (await next('b')).fail(new JockerError('failed-precondition', 'not there yet'));
  const c = await next('c');
  a.finish();
  const b = await next('b');
  expect([b.name, b.below]).toEqual(['b', [a.directory]]);
  b.finish();
  c.finish();
  expect(await result).toMatchObject({ applied: 3 });
});

test('only layers that are missing are applied', async () => {
  const { unpacker, next } = bench();
  const first = unpack(unpacker, 'a');
  (await next('a')).finish();
  await first;
  const second = unpack(unpacker, 'ab');
  const b = await next('b');
  expect(b.name).toBe('b');
  b.finish();
  expect(await second).toMatchObject({ applied: 1 });
  expect(await unpack(unpacker, 'ab')).toMatchObject({ applied: 0 });
});

test('a plain layer waits until the one below is committed', async () => {
  const { unpacker, journal, next } = bench('plain');
  const result = unpack(unpacker, 'ab');
  (await next('a')).finish();
  (await next('b')).finish();
  await result;
  expect(journal).toEqual(['sync', 'commit', 'sync', 'commit']);
});

test('two unpacks of images with a common layer apply it once', async () => {
  const { unpacker, next, applying } = bench();
  const one = unpack(unpacker, 'a');
  const a = await next('a');
  const two = unpack(unpacker, 'ab');
  const b = await next('b');
  expect([b.name, applying.length]).toEqual(['b', 0]);
  b.finish();
  a.finish();
  expect(await one).toMatchObject({ applied: 1 });
  expect(await two).toMatchObject({ applied: 2 });
});

test('cancelling one of two that wait for a layer does not disturb the other', async () => {
  const { unpacker, next } = bench();
  const controller = new AbortController();
  const one = unpack(unpacker, 'a', controller.signal);
  const a = await next('a');
  const two = unpack(unpacker, 'ab');
  controller.abort();
  await expect(one).rejects.toMatchObject({ code: 'cancelled' });
  a.finish();
  (await next('b')).finish();
  expect(await two).toMatchObject({ applied: 2 });
});

test('a cancelled unpack keeps the layers that were finished and nothing else', async () => {
  const { unpacker, snapshotter, next } = bench();
  const controller = new AbortController();
  const result = unpack(unpacker, 'abc', controller.signal);
  (await next('a')).finish();
  await next('b');
  controller.abort();
  await expect(result).rejects.toMatchObject({ code: 'cancelled' });
  expect(await snapshotter.list()).toEqual({ keys: [], layers: [digest('a')] });
});

test('layers below a failed one stay, what lies above goes, and the next attempt starts there', async () => {
  const { unpacker, snapshotter, next } = bench();
  const result = unpack(unpacker, 'abc');
  (await next('a')).finish();
  const b = await next('b');
  (await next('c')).finish();
  b.fail(new JockerError('data-loss', 'wrong diff id'));
  await expect(result).rejects.toMatchObject({ code: 'data-loss' });
  expect(await snapshotter.list()).toEqual({ keys: [], layers: [digest('a')] });
  const again = unpack(unpacker, 'abc');
  const second = await next('b');
  expect([second.name, second.below]).toEqual(['b', [expect.stringContaining('unpack-')]]);
  second.finish();
  (await next('c')).finish();
  expect(await again).toMatchObject({ applied: 2 });
});

test('an unpack that comes at the moment of another being cancelled is not cancelled with it', async () => {
  const { unpacker, next } = bench();
  const controller = new AbortController();
  const one = unpack(unpacker, 'a', controller.signal);
  const a = await next('a');
  controller.abort();
  const two = unpack(unpacker, 'a');
  await expect(one).rejects.toMatchObject({ code: 'cancelled' });
  a.finish();
  expect(await two).toMatchObject({ applied: 1 });
});

test('an unpack after a cancelled one starts anew', async () => {
  const { unpacker, next } = bench();
  const controller = new AbortController();
  const one = unpack(unpacker, 'a', controller.signal);
  await next('a');
  controller.abort();
  await expect(one).rejects.toMatchObject({ code: 'cancelled' });
  const two = unpack(unpacker, 'a');
  (await next('a')).finish();
  expect(await two).toMatchObject({ applied: 1 });
});

test('progress of a shared layer reaches everybody who asked', async () => {
  const { unpacker, next } = bench();
  const seen: string[] = [];
  const { manifest, config } = image('a');
  const context = { signal: new AbortController().signal, log };
  const calls = [1, 2].map((who) =>
    unpacker.unpackImage(manifest, config, {
      ...context,
      onProgress: ({ state, bytesDone }) => void seen.push(`${who} ${state} ${bytesDone}`),
    }),
  );
  const a = await next('a');
  a.progress(4);
  a.finish();
  await Promise.all(calls);
  expect(seen).toEqual(['1 unpacking 4', '2 unpacking 4', '1 done 10', '2 done 10']);
});

test('an image whose config names another number of layers is refused', async () => {
  const { unpacker } = bench();
  const { manifest } = image('ab');
  await expect(unpacker.unpackImage(manifest, image('a').config, { signal: new AbortController().signal, log })).rejects.toMatchObject({
    code: 'data-loss',
  });
});

test('what an earlier process was unpacking is removed, containers are not', async () => {
  const { unpacker, snapshotter } = bench();
  snapshotter.keys.set('unpack-0123', undefined).set('c'.repeat(64), undefined);
  expect(await unpacker.removeLeftovers()).toBe(1);
  expect((await snapshotter.list()).keys).toEqual(['c'.repeat(64)]);
});
