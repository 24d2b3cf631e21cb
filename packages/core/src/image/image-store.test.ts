import { describe, expect, test } from 'vitest';
import type { Digest } from '../oci/digest.ts';
import { memoryState } from '../testing/memory-state.ts';
import type { ImageRecord } from './image-record.ts';
import { createImageStore, type ImageStore } from './image-store.ts';

const idOf = (letter: string): Digest => `sha256:${letter.repeat(64)}`;

function image(letter: string, repoDigests: readonly string[] = []): ImageRecord {
  return {
    id: idOf(letter),
    manifest: { mediaType: 'm', digest: idOf(letter), size: 1 },
    configSizeBytes: 1,
    config: { architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diffIds: [] }, history: [] },
    layers: [],
    layerSizesBytes: [],
    repoDigests,
    source: 'test',
    lastTagged: null,
  };
}

function storeWith(...letters: readonly string[]): ImageStore & { readonly state: ReturnType<typeof memoryState> } {
  const state = memoryState();
  const store = createImageStore(state.database, state, () => ['oci']);
  for (const letter of letters) store.put(image(letter));
  return { ...store, state };
}

describe('an image', () => {
  test('is found by its name in short and in full', () => {
    const store = storeWith('a');
    store.tag('docker.io/library/alpine:3.22', idOf('a'));
    for (const text of ['alpine:3.22', 'library/alpine:3.22', 'docker.io/library/alpine:3.22'])
      expect(store.find(text)).toMatchObject({ record: { id: idOf('a') }, reference: 'docker.io/library/alpine:3.22' });
  });

  test('is found by its id, a prefix of it, and without "sha256:"', () => {
    const store = storeWith('a', 'b');
    for (const text of [idOf('a'), 'a'.repeat(64), 'aaaa', 'sha256:aaaa']) expect(store.find(text).record.id).toBe(idOf('a'));
  });

  test('is found by the digest of the repository that it came from, whatever its tag', () => {
    const store = storeWith();
    store.put(image('a', [`docker.io/library/alpine@${idOf('d')}`]));
    expect(store.find(`alpine@${idOf('d')}`).record.id).toBe(idOf('a'));
    expect(store.find(`alpine:3@${idOf('d')}`).record.id).toBe(idOf('a'));
  });

  test('of a name that looks like an id prefix is found by the name first', () => {
    const store = storeWith('a', 'b');
    store.tag('docker.io/library/aaaa:latest', idOf('b'));
    expect(store.find('aaaa').record.id).toBe(idOf('b'));
  });

  test('that an id prefix does not tell from another is refused', () => {
    const store = storeWith();
    store.put({ ...image('a'), id: `sha256:ab${'0'.repeat(62)}` });
    store.put({ ...image('a'), id: `sha256:ab${'1'.repeat(62)}` });
    expect(() => store.find('ab')).toThrow(expect.objectContaining({ code: 'invalid-argument' }) as Error);
  });

  test.each(['nothing', 'nothing:1', `nothing@${idOf('d')}`, 'ffff', idOf('f'), '!', ''])(
    'that is not there (%s) is "not-found"',
    (text) => {
      expect(() => storeWith('a').find(text)).toThrow(
        expect.objectContaining({ code: 'not-found', details: expect.objectContaining({ reason: 'no-such-image' }) as object }) as Error,
      );
    },
  );
});

test('a name moves from one image to another, and says from which', () => {
  const store = storeWith('a', 'b');
  expect(store.tag('docker.io/library/x:1', idOf('a'))).toBeUndefined();
  expect(store.tag('docker.io/library/x:1', idOf('a'))).toBeUndefined();
  expect(store.tag('docker.io/library/x:1', idOf('b'))).toBe(idOf('a'));
  expect([store.referencesOf(idOf('a')), store.referencesOf(idOf('b'))]).toEqual([[], ['docker.io/library/x:1']]);
});

test('a new store on the same database knows the same images and names', () => {
  const store = storeWith('a', 'b');
  store.tag('docker.io/library/x:1', idOf('a'));
  store.tag('docker.io/library/y:1', idOf('a'));
  store.untag('docker.io/library/y:1');
  store.remove(idOf('b'));
  const again = createImageStore(store.state.database, store.state, () => []);
  expect(again.list()).toEqual([image('a')]);
  expect(again.referencesOf(idOf('a'))).toEqual(['docker.io/library/x:1']);
});

test('a removed image takes its names along', () => {
  const store = storeWith('a');
  store.tag('docker.io/library/x:1', idOf('a'));
  store.remove(idOf('a'));
  expect(store.byReference('docker.io/library/x:1')).toBeUndefined();
});

test('what a rolled back transaction changed is as before, in memory too', () => {
  const store = storeWith('a', 'b');
  store.tag('docker.io/library/x:1', idOf('a'));
  expect(() =>
    store.state.transaction(() => {
      store.tag('docker.io/library/x:1', idOf('b'));
      store.tag('docker.io/library/y:1', idOf('b'));
      store.put(image('c'));
      store.remove(idOf('a'));
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(
    store
      .list()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual([idOf('a'), idOf('b')]);
  expect([store.referencesOf(idOf('a')), store.referencesOf(idOf('b'))]).toEqual([['docker.io/library/x:1'], []]);
});
