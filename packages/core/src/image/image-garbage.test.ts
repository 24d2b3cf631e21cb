import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ContentStore } from '../content/content-store.ts';
import { createDiskContentStore } from '../content/disk-content-store.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { chainIds } from '../snapshot/chain-id.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import { createFakeSnapshotter } from '../testing/fake-snapshotter.ts';
import { memoryState, recordingLogger } from '../testing/memory-state.ts';
import { createImageGarbage, type ImageGarbage } from './image-garbage.ts';
import { createImageStore, type ImageStore } from './image-store.ts';

let directory: string;
let contentStore: ContentStore;
let imageStore: ImageStore;
let garbage: ImageGarbage;
/** Committed layers with their parents, lowest first. */
let layers: Map<Digest, Digest | undefined>;
/** Chain ids that a container stands on. */
let used: Set<Digest>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-garbage-'));
  contentStore = await createDiskContentStore(directory);
  const state = memoryState();
  imageStore = createImageStore(state.database, state, () => []);
  layers = new Map();
  used = new Set();
  const snapshotter: Snapshotter = {
    ...createFakeSnapshotter(directory),
    list: () => Promise.resolve({ keys: [], layers: [...layers.keys()] }),
    removeLayer(chainId) {
      if (used.has(chainId) || [...layers.values()].includes(chainId))
        return Promise.reject(new JockerError('failed-precondition', 'something builds on it', { details: { reason: 'in-use' } }));
      layers.delete(chainId);
      return Promise.resolve();
    },
  };
  garbage = createImageGarbage({ contentStore, imageStore, snapshotters: () => Promise.resolve([snapshotter]), log: recordingLogger() });
});
afterEach(async () => {
  await garbage[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Blobs, layers and, unless it is only downloaded, the record of an image. */
async function addImage(diffIds: readonly Digest[], isRecorded = true): Promise<{ id: Digest; blobs: readonly Descriptor[] }> {
  const blobs = await Promise.all(
    ['manifest', 'config', ...diffIds].map(async (text) => await contentStore.put(Buffer.from(`${text} of ${diffIds.join()}`), 'm')),
  );
  const [manifest, config, ...layerBlobs] = blobs;
  if (manifest === undefined || config === undefined) throw new Error('no blobs');
  const chain = chainIds(diffIds);
  for (const [index, chainId] of chain.entries()) layers.set(chainId, chain[index - 1]);
  if (isRecorded)
    imageStore.put({
      id: config.digest,
      manifest,
      configSizeBytes: config.size,
      config: { architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diffIds }, history: [] },
      layers: layerBlobs,
      layerSizesBytes: [],
      repoDigests: [],
      source: 'test',
      lastTagged: null,
    });
  return { id: config.digest, blobs };
}

const diffId = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
async function blobsLeft(): Promise<number> {
  let count = 0;
  for await (const _ of contentStore.list()) count += 1;
  return count;
}

test('what no image needs goes, upper layers before those below, and what is shared stays', async () => {
  const kept = await addImage([diffId('a'), diffId('b')]);
  const gone = await addImage([diffId('a'), diffId('c'), diffId('d')]);
  imageStore.remove(gone.id);
  const freed = await garbage.collect();
  expect([...layers.keys()]).toEqual(chainIds([diffId('a'), diffId('b')]));
  expect(await Promise.all([...kept.blobs, ...gone.blobs].map(({ digest }) => contentStore.has(digest)))).toEqual([
    ...kept.blobs.map(() => true),
    ...gone.blobs.map(() => false),
  ]);
  expect(freed).toBe(gone.blobs.reduce((sum, { size }) => sum + size, 0) + 2_000);
});

test('layers that a container stands on stay with those below', async () => {
  const diffIds = [diffId('a'), diffId('b'), diffId('c')];
  const { id } = await addImage(diffIds);
  const [, middle] = chainIds(diffIds);
  if (middle !== undefined) used.add(middle);
  imageStore.remove(id);
  await garbage.collect();
  expect([...layers.keys()]).toEqual(chainIds(diffIds).slice(0, 2));
});

test('while something is pulled nothing is collected, and afterwards it is', async () => {
  const lease = await garbage.lease();
  await addImage([diffId('a')], false);
  expect(await garbage.collect()).toBe(0);
  expect(await blobsLeft()).toBe(3);
  lease[Symbol.dispose]();
  lease[Symbol.dispose]();
  await garbage[Symbol.asyncDispose]();
  expect([await blobsLeft(), layers.size]).toEqual([0, 0]);
});

test('a lease that nobody asked to collect under collects nothing at its end', async () => {
  {
    using _lease = await garbage.lease();
    await addImage([diffId('a')], false);
  }
  await garbage[Symbol.asyncDispose]();
  expect(await blobsLeft()).toBe(3);
});

test('a pull that begins during a collection waits for it', async () => {
  await addImage([diffId('a')], false);
  const collecting = garbage.collect();
  using _lease = await garbage.lease();
  expect(await blobsLeft()).toBe(0);
  expect(await collecting).toBeGreaterThan(0);
});

test('the beginnings of broken downloads go only when that is asked for', async () => {
  const blob: Descriptor = { mediaType: 'm', digest: diffId('e'), size: 100 };
  const broken = Readable.from([Buffer.alloc(40)], { objectMode: false });
  await contentStore.write(blob, broken, { offset: 0, signal: new AbortController().signal }).catch(() => undefined);
  await garbage.collect();
  expect(await contentStore.partialSize(blob.digest)).toBe(40);
  expect(await garbage.collect({ partials: true })).toBe(40);
  expect(await contentStore.partialSize(blob.digest)).toBe(0);
});
