import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { choosePlatform } from '../image/choose-platform.ts';
import type { ImageSource, ImageSourceContext } from '../image/image-source.ts';
import { createDecompressor, detectCompression } from '../layer/decompress.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import { parseImageConfig } from '../oci/parse-image-config.ts';
import { parseManifest } from '../oci/parse-manifest.ts';
import { hostPlatform } from '../oci/platform-text.ts';
import type { ImageReference } from '../reference/image-reference.ts';

export interface ImageSourceUnderTest {
  readonly source: ImageSource;
  /** An image that is there, for this machine's platform, with at least one layer. */
  readonly reference: ImageReference;
  /** As well formed, but nothing is there. */
  readonly missing: ImageReference;
  /** Of some other source. */
  readonly foreign: ImageReference;
  close?(): Promise<void>;
}

/** What every image source promises. `open` is called once. */
export function describeImageSource(name: string, open: () => Promise<ImageSourceUnderTest>): void {
  describe(`image source: ${name}`, () => {
    let under: ImageSourceUnderTest;
    let reference: ImageReference;
    beforeAll(async () => {
      under = await open();
      reference = under.reference;
    });
    afterAll(async () => await under?.close?.());

    const silent = (): undefined => undefined;
    const contextWith = (signal: AbortSignal): ImageSourceContext => ({
      signal,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      platform: hostPlatform(),
    });
    const context = contextWith(new AbortController().signal);
    const fetchAll = async (blob: Descriptor, offset = 0): Promise<Buffer> =>
      Buffer.concat(await (await under.source.fetch(reference, blob, offset, context)).toArray());
    /** As the engine walks: an index is entered for this machine's platform. */
    const manifestOf = async (root: Descriptor): Promise<ImageManifest> => {
      const document = parseManifest(await fetchAll(root), root.mediaType);
      return document.kind === 'manifest' ? document : await manifestOf(choosePlatform(document, hostPlatform()));
    };
    const resolved = async (work: (root: Descriptor) => Promise<void>): Promise<void> => {
      const root = await under.source.resolve(reference, context);
      try {
        await work(root);
      } finally {
        await under.source.release?.(reference);
      }
    };

    test('accepts its own references and no others', async () => {
      expect([await under.source.accepts(reference), await under.source.accepts(under.foreign)]).toEqual([true, false]);
    });

    test('gives bytes that match the digest and size of their descriptors, all the way down', async () => {
      await resolved(async (root) => {
        expect(describeBytes(await fetchAll(root), root)).toEqual({ digest: root.digest, size: root.size });
        const manifest = await manifestOf(root);
        for (const blob of [manifest.config, ...manifest.layers])
          expect(describeBytes(await fetchAll(blob), blob)).toEqual({ digest: blob.digest, size: blob.size });
      });
    });

    test('gives layers that unpack to what the config says', async () => {
      await resolved(async (root) => {
        const manifest = await manifestOf(root);
        const { rootfs } = parseImageConfig(await fetchAll(manifest.config));
        expect(rootfs.diffIds.length).toBeGreaterThan(0);
        expect(await Promise.all(manifest.layers.map(async (layer) => await diffIdOf(await fetchAll(layer))))).toEqual(rootfs.diffIds);
      });
    });

    test('gives the rest of a blob from an offset on, or says that it cannot', async () => {
      await resolved(async (root) => {
        const [layer] = (await manifestOf(root)).layers;
        if (layer === undefined) throw new Error('the image has no layer');
        const whole = await fetchAll(layer);
        const rest = await fetchAll(layer, 100).catch((error: unknown) => error);
        if (Buffer.isBuffer(rest)) expect(rest.equals(whole.subarray(100))).toBe(true);
        else expect(rest).toMatchObject({ code: 'unsupported' });
      });
    });

    test('names the same image the same way twice', async () => {
      const found: Digest[] = [];
      for (const _ of [1, 2]) await resolved(async ({ digest }) => void found.push(digest));
      expect(found[1]).toBe(found[0]);
    });

    test('still serves one pull when another of the same reference is over', async () => {
      await resolved(async (root) => {
        await resolved(async () => undefined);
        expect(describeBytes(await fetchAll(root), root).digest).toBe(root.digest);
      });
    });

    test('does not mind a stream that is given up', async () => {
      await resolved(async (root) => {
        const [layer] = (await manifestOf(root)).layers;
        if (layer === undefined) throw new Error('the image has no layer');
        const stream = await under.source.fetch(reference, layer, 0, context);
        const closed = new Promise((resolve) => stream.once('close', resolve));
        stream.destroy();
        await closed;
        expect(describeBytes(await fetchAll(root), root).digest).toBe(root.digest);
      });
    });

    test('says "not-found" of an image that is not there', async () => {
      await expect(under.source.resolve(under.missing, context)).rejects.toMatchObject({ name: 'JockerError', code: 'not-found' });
    });

    test('does not resolve for a caller who has gone', async () => {
      await expect(under.source.resolve(reference, contextWith(AbortSignal.abort()))).rejects.toThrow();
    });
  });
}

function describeBytes(bytes: Buffer, { digest }: Descriptor): { readonly digest: string; readonly size: number } {
  const algorithm = digest.slice(0, digest.indexOf(':'));
  return { digest: `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`, size: bytes.length };
}

async function diffIdOf(layer: Buffer): Promise<Digest> {
  const hash = createHash('sha256');
  const stage = createDecompressor(detectCompression(layer));
  const bytes = Readable.from([layer], { objectMode: false });
  if (stage === undefined) hash.update(layer);
  else
    await pipeline(bytes, stage, async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) hash.update(chunk);
    });
  return `sha256:${hash.digest('hex')}`;
}
