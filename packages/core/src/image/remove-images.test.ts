import { beforeEach, describe, expect, test } from 'vitest';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { Digest } from '../oci/digest.ts';
import { memoryState } from '../testing/memory-state.ts';
import { createImageStore, type ImageStore } from './image-store.ts';
import { pruneImages, removeImage, type RemoveImagesDeps } from './remove-images.ts';

const idOf = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const name = (text: string): string => `docker.io/library/${text}:latest`;

let imageStore: ImageStore;
let deps: RemoveImagesDeps;
let users: Map<Digest, readonly string[]>;
let events: string[];
let collections: number;

beforeEach(() => {
  const state = memoryState();
  imageStore = createImageStore(state.database, state, () => []);
  users = new Map();
  events = [];
  collections = 0;
  const publisher = { publish: (event: string) => void events.push(event) } as unknown as EventPublisher;
  const garbage: RemoveImagesDeps['garbage'] = {
    lease: () => Promise.reject(new Error('not asked for')),
    collect: () => Promise.resolve(++collections * 100),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  deps = { imageStore, state, publisher, garbage, usersOf: (id) => users.get(id) ?? [] };
});

function add(letter: string, ...names: readonly string[]): Digest {
  imageStore.put({
    id: idOf(letter),
    manifest: { mediaType: 'm', digest: idOf(letter), size: 1 },
    configSizeBytes: 1,
    config: { architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diffIds: [] }, history: [] },
    layers: [],
    layerSizesBytes: [],
    repoDigests: [],
    source: 'test',
    lastTagged: null,
  });
  for (const each of names) imageStore.tag(name(each), idOf(letter));
  return idOf(letter);
}

describe('removing an image', () => {
  test('by one of its names takes that name away', async () => {
    const id = add('a', 'one', 'two');
    expect(await removeImage(deps, 'one')).toEqual({ untagged: [name('one')], deleted: [] });
    expect([imageStore.referencesOf(id), collections, events]).toEqual([[name('two')], 0, ['image:untagged']]);
  });

  test('by its last name removes it and what only it needs', async () => {
    const id = add('a', 'one');
    expect(await removeImage(deps, 'one')).toEqual({ untagged: [name('one')], deleted: [id] });
    expect([imageStore.get(id), collections, events]).toEqual([undefined, 1, ['image:untagged', 'image:removed']]);
  });

  test('by its id takes the name along, but several only by force', async () => {
    add('a', 'one');
    const id = add('b', 'two', 'three');
    expect((await removeImage(deps, 'aaaa')).untagged).toEqual([name('one')]);
    await expect(removeImage(deps, 'bbbb')).rejects.toMatchObject({ code: 'failed-precondition', details: { reason: 'in-use' } });
    expect(imageStore.referencesOf(id)).toHaveLength(2);
    expect(await removeImage(deps, 'bbbb', { force: true })).toEqual({ untagged: [name('three'), name('two')], deleted: [id] });
  });

  test('that a container was made from is refused with the name of the container', async () => {
    const id = add('a', 'one');
    users.set(id, ['web']);
    await expect(removeImage(deps, 'one')).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringContaining('web') as string,
      details: { reason: 'in-use' },
    });
    expect(imageStore.referencesOf(id)).toEqual([name('one')]);
  });

  test('that a container was made from, by force, leaves it without a name for the next prune', async () => {
    const id = add('a', 'one');
    users.set(id, ['web']);
    expect(await removeImage(deps, 'one', { force: true })).toEqual({ untagged: [name('one')], deleted: [] });
    expect((await pruneImages(deps, { danglingOnly: true })).deleted).toEqual([]);
    users.clear();
    expect((await pruneImages(deps, { danglingOnly: true })).deleted).toEqual([id]);
  });

  test('by one of several names does not ask for containers', async () => {
    const id = add('a', 'one', 'two');
    users.set(id, ['web']);
    expect((await removeImage(deps, 'one')).deleted).toEqual([]);
  });
});

describe('a prune', () => {
  test('of dangling images leaves those with a name', async () => {
    add('a', 'one');
    const dangling = add('b');
    expect(await pruneImages(deps, { danglingOnly: true })).toEqual({ untagged: [], deleted: [dangling], reclaimedBytes: 100 });
  });

  test('of all leaves those of containers, and what the filter keeps', async () => {
    const used = add('a', 'one');
    const kept = add('b', 'two');
    const gone = add('c', 'three');
    users.set(used, ['web']);
    const { deleted } = await pruneImages(deps, { danglingOnly: false, filter: ({ id }) => id !== kept });
    expect([deleted, imageStore.list().map(({ id }) => id)]).toEqual([[gone], [used, kept]]);
  });
});
