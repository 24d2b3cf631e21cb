import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { ContentStore } from '../content/content-store.ts';
import type { Descriptor } from '../oci/descriptor.ts';

/** What every content store promises. `make` gives an empty one; `reopen` the same content in a new object. */
export function describeContentStore(
  name: string,
  make: () => Promise<ContentStore>,
  reopen: (store: ContentStore) => Promise<ContentStore>,
): void {
  const bytes = Buffer.from('the content of a layer, long enough to be cut in two');
  const descriptor = (of: Uint8Array): Descriptor => ({
    mediaType: 'm',
    digest: `sha256:${createHash('sha256').update(of).digest('hex')}`,
    size: of.byteLength,
  });
  const blob = descriptor(bytes);
  const options = { offset: 0, signal: new AbortController().signal };
  const broken = (): Readable =>
    Readable.from(
      (function* () {
        yield bytes.subarray(0, 20);
        throw new Error('the connection broke');
      })(),
      { objectMode: false },
    );

  describe(`content store: ${name}`, () => {
    test('gives back what was written, also to another opener', async () => {
      const store = await make();
      await store.write(blob, Readable.from([bytes]), options);
      expect(await (await reopen(store)).readAll(blob.digest)).toEqual(bytes);
    });

    test('keeps nothing of a blob that does not match its digest', async () => {
      const store = await make();
      const wrong = Buffer.alloc(bytes.length, 'x');
      await expect(store.write(blob, Readable.from([wrong]), options)).rejects.toMatchObject({ code: 'data-loss' });
      expect([await store.has(blob.digest), await store.partialSize(blob.digest)]).toEqual([false, 0]);
    });

    test('stops reading a blob that is longer than announced', async () => {
      const store = await make();
      await expect(store.write({ ...blob, size: 10 }, Readable.from([bytes, bytes]), options)).rejects.toMatchObject({ code: 'data-loss' });
      expect(await store.has(blob.digest)).toBe(false);
    });

    test('goes on where a broken download ended', async () => {
      const store = await make();
      await expect(store.write(blob, broken(), options)).rejects.toThrow('the connection broke');
      const offset = await store.partialSize(blob.digest);
      expect(offset).toBe(20);
      await store.write(blob, Readable.from([bytes.subarray(offset)]), { ...options, offset });
      expect(await store.readAll(blob.digest)).toEqual(bytes);
    });

    test('does not call a blob whole that ended early', async () => {
      const store = await make();
      await expect(store.write(blob, Readable.from([bytes.subarray(0, 20)]), options)).rejects.toMatchObject({ code: 'unavailable' });
      expect(await store.has(blob.digest)).toBe(false);
    });

    test('ends with "cancelled" when the signal fires', async () => {
      const store = await make();
      const controller = new AbortController();
      const endless = new Readable({ read: () => undefined });
      const writing = store.write(blob, endless, { offset: 0, signal: controller.signal });
      controller.abort();
      await expect(writing).rejects.toMatchObject({ code: 'cancelled' });
      expect(endless.destroyed).toBe(true);
    });

    test('lets two writers of one blob both end well', async () => {
      const store = await make();
      await Promise.all([store.write(blob, Readable.from([bytes]), options), store.write(blob, Readable.from([bytes]), options)]);
      expect(await store.readAll(blob.digest)).toEqual(bytes);
    });

    test('names what it takes in by its own digest', async () => {
      const store = await make();
      expect(await store.ingest(Readable.from([bytes]), 'm', options.signal)).toEqual(blob);
      expect(await store.put(bytes, 'm')).toEqual(blob);
    });

    test('lists what it has and forgets what is removed', async () => {
      const store = await make();
      const { digest, size } = await store.put(bytes, 'm');
      expect(await listed(store)).toEqual([{ digest, size }]);
      await store.remove(digest);
      await store.remove(digest);
      expect(await listed(store)).toEqual([]);
    });

    test('says that a blob is not there', async () => {
      const store = await make();
      await expect(store.read(blob.digest)).rejects.toMatchObject({ code: 'not-found' });
      await expect(store.size(blob.digest)).rejects.toMatchObject({ code: 'not-found' });
    });

    test('does not read a blob into memory that is larger than the bound', async () => {
      const store = await make();
      const { digest } = await store.put(bytes, 'm');
      await expect(store.readAll(digest, 10)).rejects.toMatchObject({ code: 'resource-exhausted' });
    });
  });
}

async function listed(store: ContentStore): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const blob of store.list()) found.push(blob);
  return found;
}
