import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContentStore } from '../content/content-store.ts';
import { createDiskContentStore } from '../content/disk-content-store.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { LayerProgress } from '../events/lifecycle-events.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import type { Stage } from '../operation/operation.ts';
import { parseReference } from '../reference/parse-reference.ts';
import { makeTar, sha256Of } from '../testing/image-fixture.ts';
import { createBlobDownloads, type BlobDownloads } from './download-blob.ts';
import type { ImageSource } from './image-source.ts';
import { pullImage, type PulledImage } from './pull-image.ts';

const reference = parseReference('example.org/app:1');
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-pull-'));
});
afterAll(async () => await rm(directory, { recursive: true, force: true }));

const silent = (): undefined => undefined;
function stageWith(signal: AbortSignal): Stage {
  const stage: Stage = {
    signal,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    stage: async (_name, _plugin, work) => await work(stage),
  };
  return stage;
}

type Fetch = (blob: Descriptor, offset: number, signal: AbortSignal) => Promise<Readable> | Readable;

/** An image in memory, and a source of it that counts. */
class Fixture {
  readonly blobs = new Map<Digest, Buffer>();
  readonly layers: readonly Descriptor[];
  readonly config: Descriptor;
  readonly fetched: { readonly digest: Digest; readonly offset: number }[] = [];
  root: Descriptor;
  released = 0;

  constructor(contents: readonly string[], config: object = {}) {
    const tars = contents.map((content, index) => makeTar([{ path: `file-${index}`, content }]));
    this.layers = tars.map((tar) => this.add(gzipSync(tar), mediaTypes.ociLayerGzip));
    const rootfs = { type: 'layers', diff_ids: tars.map(sha256Of) };
    this.config = this.add({ architecture: 'amd64', os: 'linux', rootfs, ...config }, mediaTypes.ociConfig);
    this.root = this.add(
      { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: this.config, layers: this.layers },
      mediaTypes.ociManifest,
    );
  }

  add(content: Buffer | object, mediaType: string): Descriptor {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    this.blobs.set(sha256Of(bytes), bytes);
    return { mediaType, digest: sha256Of(bytes), size: bytes.length };
  }

  bytes(blob: Descriptor, offset = 0): Buffer {
    const bytes = this.blobs.get(blob.digest);
    if (bytes === undefined) throw new JockerError('not-found', `there is no ${blob.digest}`);
    return bytes.subarray(offset);
  }

  source(fetch?: Fetch): ImageSource {
    return {
      name: 'fixture',
      accepts: () => true,
      resolve: () => Promise.resolve(this.root),
      fetch: async (_reference, blob, offset, { signal }) => {
        this.fetched.push({ digest: blob.digest, offset });
        return await (fetch?.(blob, offset, signal) ?? streamOf(this.bytes(blob, offset)));
      },
      release: () => {
        this.released += 1;
        return Promise.resolve();
      },
    };
  }

  fetchesOf(blob: Descriptor | undefined): readonly number[] {
    return this.fetched.filter(({ digest }) => digest === blob?.digest).map(({ offset }) => offset);
  }
}

const streamOf = (bytes: Buffer): Readable => Readable.from([bytes], { objectMode: false });
/** Some bytes, then a broken connection. */
function brokenAfter(bytes: Buffer): Readable {
  return Readable.from(
    (function* () {
      yield bytes;
      throw new Error('the connection broke');
    })(),
    { objectMode: false },
  );
}

interface Place {
  readonly contentStore: ContentStore;
  readonly downloads: BlobDownloads;
}
async function makePlace(): Promise<Place> {
  const contentStore = await createDiskContentStore(await mkdtemp(join(directory, 'store-')));
  return { contentStore, downloads: createBlobDownloads(contentStore) };
}

interface More {
  readonly signal?: AbortSignal;
  readonly platform?: { os: string; architecture: string; variant?: string };
  readonly downloadsAtOnce?: number | undefined;
  readonly onProgress?: (layers: readonly LayerProgress[]) => void;
}
async function pull(place: Place, source: ImageSource, more: More = {}): Promise<PulledImage> {
  return await pullImage({
    ...place,
    reference,
    source,
    platform: more.platform ?? { os: 'linux', architecture: 'amd64' },
    credentials: undefined,
    downloadsAtOnce: more.downloadsAtOnce,
    stage: stageWith(more.signal ?? new AbortController().signal),
    onProgress: more.onProgress ?? silent,
  });
}

describe('a pull', () => {
  test('brings the manifest, the config and every layer into the store', async () => {
    const place = await makePlace();
    const image = new Fixture(['one', 'two', 'three', 'four']);
    const pulled = await pull(place, image.source());
    expect(pulled.manifest.layers).toEqual(image.layers);
    for (const { digest } of [image.root, image.config, ...image.layers])
      expect(await place.contentStore.readAll(digest)).toEqual(image.blobs.get(digest));
    expect(image.released).toBe(1);
  });

  test('fetches nothing that is there, and says so of its layers', async () => {
    const place = await makePlace();
    const image = new Fixture(['one', 'two']);
    await pull(place, image.source());
    const before = image.fetched.length;
    let last: readonly LayerProgress[] = [];
    await pull(place, image.source(), { onProgress: (layers) => (last = layers) });
    expect(image.fetched.length).toBe(before);
    expect(last.map(({ state }) => state)).toEqual(['cached', 'cached']);
  });

  test('tells of each layer from waiting to downloaded, with all of its bytes at the end', async () => {
    const image = new Fixture(['one', 'two']);
    const seen: LayerProgress[] = [];
    await pull(await makePlace(), image.source(), { onProgress: (layers) => seen.push(...layers) });
    for (const { digest, size } of image.layers) {
      const own = seen.filter((layer) => layer.digest === digest);
      expect([own[0]?.state, own.at(-1)]).toEqual(['waiting', { digest, state: 'downloaded', bytesDone: size, bytesTotal: size }]);
    }
  });

  test.each([
    [undefined, 3],
    [1, 1],
    [5, 5],
  ])('that may download %s layers at a time downloads %i', async (downloadsAtOnce, expected) => {
    const image = new Fixture(['1', '2', '3', '4', '5', '6', '7']);
    const full = Promise.withResolvers<void>();
    let [now, most] = [0, 0];
    await pull(
      await makePlace(),
      image.source(async (blob, offset) => {
        if (!image.layers.some(({ digest }) => digest === blob.digest)) return streamOf(image.bytes(blob, offset));
        most = Math.max(most, ++now);
        if (now === expected) full.resolve();
        await full.promise;
        return streamOf(image.bytes(blob, offset)).once('close', () => void now--);
      }),
      { downloadsAtOnce },
    );
    expect(most).toBe(expected);
  });

  test('enters an index for the platform that was asked for', async () => {
    const [amd, arm] = [new Fixture(['amd']), new Fixture(['arm'], { architecture: 'arm64' })];
    for (const [digest, bytes] of arm.blobs) amd.blobs.set(digest, bytes);
    const manifests = [
      { ...amd.root, platform: { os: 'linux', architecture: 'amd64' } },
      { ...arm.root, platform: { os: 'linux', architecture: 'arm64' } },
    ];
    const index = amd.add({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }, mediaTypes.ociIndex);
    amd.root = index;
    const pulled = await pull(await makePlace(), amd.source(), { platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } });
    expect([pulled.root.digest, pulled.descriptor.digest]).toEqual([index.digest, arm.root.digest]);
    await expect(pull(await makePlace(), amd.source(), { platform: { os: 'linux', architecture: 's390x' } })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/^image example\.org\/app:1: .*linux\/s390x.*linux\/amd64, linux\/arm64/) as string,
    });
  });

  test('names the blob when its connection breaks off each time', async () => {
    const image = new Fixture(['content']);
    const [layer] = image.layers;
    const pulling = pull(
      await makePlace(),
      image.source((blob, offset) => (blob.digest === layer?.digest ? brokenAfter(Buffer.alloc(0)) : streamOf(image.bytes(blob, offset)))),
    );
    await expect(pulling).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(layer?.digest ?? '-') as string });
  });

  test('goes on where a connection broke', async () => {
    const image = new Fixture(['x'.repeat(1000)]);
    const [layer] = image.layers;
    let breaks = 2;
    await pull(
      await makePlace(),
      image.source((blob, offset) =>
        blob.digest === layer?.digest && breaks-- > 0
          ? brokenAfter(image.bytes(blob, offset).subarray(0, 20))
          : streamOf(image.bytes(blob, offset)),
      ),
    );
    expect(image.fetchesOf(layer)).toEqual([0, 20, 40]);
  });

  test('begins a layer anew when its source cannot go on in the middle', async () => {
    const image = new Fixture(['x'.repeat(1000)]);
    const [layer] = image.layers;
    await pull(
      await makePlace(),
      image.source((blob, offset) => {
        if (offset > 0) throw new JockerError('unsupported', 'no');
        const isFirst = image.fetchesOf(layer).length === 1 && blob.digest === layer?.digest;
        return isFirst ? brokenAfter(image.bytes(blob).subarray(0, 20)) : streamOf(image.bytes(blob));
      }),
    );
    expect(image.fetchesOf(layer)).toEqual([0, 20, 0]);
  });

  test('throws away a remainder that does not fit, and begins anew', async () => {
    const place = await makePlace();
    const image = new Fixture(['x'.repeat(1000)]);
    const [layer] = image.layers;
    if (layer === undefined) throw new Error('no layer');
    const wrong = brokenAfter(Buffer.alloc(30, 'w'));
    await place.contentStore.write(layer, wrong, { offset: 0, signal: new AbortController().signal }).catch(silent);
    await pull(place, image.source());
    expect(image.fetchesOf(layer)).toEqual([30, 0]);
  });

  test('asks again when the registry was not reached at first', async () => {
    const image = new Fixture(['one']);
    let asked = 0;
    const source: ImageSource = {
      ...image.source(),
      resolve: () => (++asked < 3 ? Promise.reject(new JockerError('unavailable', 'busy')) : Promise.resolve(image.root)),
    };
    await pull(await makePlace(), source);
    expect(asked).toBe(3);
  });

  test('that is cancelled in a layer ends as cancelled, keeps the beginning, and the next one goes on there', async () => {
    const place = await makePlace();
    const image = new Fixture(['x'.repeat(1000)]);
    const [layer] = image.layers;
    if (layer === undefined) throw new Error('no layer');
    const controller = new AbortController();
    const halted = image.source((blob) => {
      if (blob.digest !== layer.digest) return streamOf(image.bytes(blob));
      const stream = new Readable({ read: silent });
      stream.push(image.bytes(blob).subarray(0, 50));
      return stream;
    });
    const pulling = pull(place, halted, {
      signal: controller.signal,
      onProgress: ([progress]) => {
        if (progress?.state === 'downloading') controller.abort();
      },
    });
    await expect(pulling).rejects.toMatchObject({ code: 'cancelled' });
    expect([await place.contentStore.has(layer.digest), await place.contentStore.partialSize(layer.digest)]).toEqual([false, 50]);
    expect(image.released).toBe(1);
    await pull(place, image.source());
    expect(image.fetchesOf(layer)).toEqual([0, 50]);
  });
});

describe('pulls of one layer at the same time', () => {
  test('share its download', async () => {
    const place = await makePlace();
    const image = new Fixture(['shared']);
    await Promise.all([pull(place, image.source()), pull(place, image.source())]);
    expect(image.fetchesOf(image.layers[0])).toEqual([0]);
  });

  test('are not disturbed by the cancellation of the one that began it', async () => {
    const place = await makePlace();
    const image = new Fixture(['shared']);
    const [layer] = image.layers;
    const begun = Promise.withResolvers<void>();
    const stream = new Readable({ read: silent });
    const slow = image.source((blob) => {
      if (blob.digest !== layer?.digest) return streamOf(image.bytes(blob));
      begun.resolve();
      return stream;
    });
    const controller = new AbortController();
    const first = pull(place, slow, { signal: controller.signal });
    const refused = expect(first).rejects.toMatchObject({ code: 'cancelled' });
    await begun.promise;
    const waiting = Promise.withResolvers<void>();
    const second = pull(place, image.source(), { onProgress: () => waiting.resolve() });
    await waiting.promise;
    controller.abort();
    await refused;
    if (layer !== undefined) stream.push(image.bytes(layer));
    stream.push(null);
    await second;
    expect(await place.contentStore.has(layer?.digest ?? 'sha256:')).toBe(true);
  });

  test('are not refused because the one that began it was', async () => {
    const place = await makePlace();
    const image = new Fixture(['shared']);
    const [layer] = image.layers;
    const answer = Promise.withResolvers<Readable>();
    const begun = Promise.withResolvers<void>();
    const refusing = image.source((blob) => {
      if (blob.digest !== layer?.digest) return streamOf(image.bytes(blob));
      begun.resolve();
      return answer.promise;
    });
    const first = expect(pull(place, refusing)).rejects.toMatchObject({ code: 'permission-denied' });
    await begun.promise;
    const second = pull(place, image.source());
    answer.reject(new JockerError('permission-denied', 'not for you'));
    await first;
    await second;
  });
});

describe('a pull is refused, and keeps nothing of what is wrong,', () => {
  async function refused(image: Fixture, source = image.source()): Promise<{ error: unknown; place: Place }> {
    const place = await makePlace();
    const error: unknown = await pull(place, source).then(
      () => 'it was pulled',
      (caught: unknown) => caught,
    );
    expect(image.released).toBe(1);
    return { error, place };
  }

  test('when a layer has other bytes than its digest says', async () => {
    const image = new Fixture(['one', 'two']);
    const [, layer] = image.layers;
    const { error, place } = await refused(
      image,
      image.source((blob) => streamOf(blob.digest === layer?.digest ? Buffer.alloc(blob.size, 'x') : image.bytes(blob))),
    );
    expect(error).toMatchObject({ code: 'data-loss' });
    expect(await place.contentStore.has(layer?.digest ?? 'sha256:')).toBe(false);
    expect(image.fetchesOf(layer)).toEqual([0]);
  });

  test.each([
    ['is manifest and index at once (CVE-2021-41190)', { manifests: [] }, mediaTypes.ociManifest, 'invalid-argument'],
    ['is announced as something else', {}, mediaTypes.dockerManifest, 'invalid-argument'],
    ['is of schema 1', { schemaVersion: 1 }, mediaTypes.ociManifest, 'unsupported'],
    [
      'is of no image',
      { config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: sha256Of(Buffer.from('x')), size: 1 } },
      mediaTypes.ociManifest,
      'unsupported',
    ],
  ])('when the manifest %s', async (_what, change, announced, code) => {
    const image = new Fixture(['one']);
    const body = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: image.config, layers: image.layers, ...change };
    image.root = image.add(body, announced);
    const { error } = await refused(image);
    expect(error).toMatchObject({ code, message: expect.stringContaining('example.org/app:1') as string });
    expect(image.fetchesOf(image.layers[0])).toEqual([]);
  });

  test.each([
    ['names another number of layers', { rootfs: { type: 'layers', diff_ids: [] } }, 'invalid-argument'],
    ['is for another system', { os: 'windows' }, 'unsupported'],
    [
      'has a digest that is a path (CVE-2024-3727)',
      { rootfs: { type: 'layers', diff_ids: ['sha256:../../etc/passwd'] } },
      'invalid-argument',
    ],
  ])('when the config %s, before any layer is fetched', async (_what, config, code) => {
    const image = new Fixture(['one'], config);
    const { error } = await refused(image);
    expect(error).toMatchObject({ code, message: expect.stringContaining('example.org/app:1') as string });
    expect(image.fetchesOf(image.layers[0])).toEqual([]);
  });

  test('when the manifest is announced as larger than a manifest may be', async () => {
    const image = new Fixture(['one']);
    image.root = { ...image.root, size: 5 * 1024 * 1024 };
    expect((await refused(image)).error).toMatchObject({ code: 'resource-exhausted' });
    expect(image.fetched).toEqual([]);
  });

  test('when indexes are nested without end', async () => {
    const image = new Fixture(['one']);
    for (let depth = 0; depth < 6; depth++) {
      const body = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [image.root] };
      image.root = image.add(body, mediaTypes.ociIndex);
    }
    expect((await refused(image)).error).toMatchObject({ code: 'invalid-argument', message: expect.stringContaining('nested') as string });
  });
});
