import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { JockerError } from '../errors/jocker-error.ts';
import { createTarStream, type TarMember } from '../layer/tar-writer.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageRunConfig } from '../oci/image-config.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { encodeImageConfig } from '../oci/parse-image-config.ts';
import { encodeManifest } from '../oci/parse-manifest.ts';
import { hostPlatform } from '../oci/platform-text.ts';
import type { Platform } from '../oci/platform.ts';

export interface GeneratedImageOptions {
  /** The one layer: members of a tar, or the bytes of a whole one, not compressed. */
  readonly layer: Iterable<TarMember> | AsyncIterable<TarMember> | Readable;
  readonly config: ImageRunConfig;
  readonly platform?: Platform;
  /** Stands in the history. */
  readonly createdBy: string;
  readonly comment?: string;
  readonly signal: AbortSignal;
}

/** An image that a source makes on the fly. Its layer lies in a temporary file until it is disposed. */
export interface GeneratedImage extends AsyncDisposable {
  /** What `ImageSource.resolve` returns. */
  readonly descriptor: Descriptor;
  /** What `ImageSource.fetch` returns. */
  fetch(blob: Descriptor, offset: number): Readable;
}

/** The same members and config give the same digests: no time of its own goes in. */
export async function createGeneratedImage(options: GeneratedImageOptions): Promise<GeneratedImage> {
  const directory = await mkdtemp(`${tmpdir()}/jocker-image-`);
  try {
    const layerPath = `${directory}/layer.tar`;
    const layer = await writeLayer(options, layerPath);
    const config = encodeImageConfig({
      ...(options.platform ?? hostPlatform()),
      created: '1970-01-01T00:00:00Z',
      config: options.config,
      rootfs: { type: 'layers', diffIds: [layer.digest] },
      history: [
        {
          created: '1970-01-01T00:00:00Z',
          createdBy: options.createdBy,
          ...(options.comment === undefined ? {} : { comment: options.comment }),
        },
      ],
    });
    const configDescriptor = describe(config, mediaTypes.ociConfig);
    const manifest = encodeManifest({ mediaType: mediaTypes.ociManifest, config: configDescriptor, layers: [layer] });
    const descriptor = describe(manifest, mediaTypes.ociManifest);
    const small = new Map<Digest, Buffer>([
      [configDescriptor.digest, config],
      [descriptor.digest, manifest],
    ]);
    return {
      descriptor,
      fetch(blob, offset) {
        if (blob.digest === layer.digest) return createReadStream(layerPath, { start: offset, highWaterMark: 1 << 20 });
        const bytes = small.get(blob.digest);
        if (bytes === undefined) throw new JockerError('not-found', `the image made by "${options.createdBy}" has no blob ${blob.digest}`);
        return Readable.from([bytes.subarray(offset)], { objectMode: false });
      },
      async [Symbol.asyncDispose]() {
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

function describe(bytes: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length };
}

async function writeLayer({ layer, signal }: GeneratedImageOptions, path: string): Promise<Descriptor> {
  const stream = layer instanceof Readable ? layer : createTarStream(layer);
  const hash = createHash('sha256');
  let size = 0;
  await using file = await open(path, 'wx', 0o600);
  try {
    for await (const piece of stream) {
      signal.throwIfAborted();
      const chunk = piece as Buffer;
      hash.update(chunk);
      size += chunk.length;
      await file.writeFile(chunk);
    }
  } finally {
    stream.destroy();
  }
  return { mediaType: mediaTypes.ociLayer, digest: `sha256:${hash.digest('hex')}`, size };
}
