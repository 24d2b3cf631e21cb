import type { ContentStore } from '../content/content-store.ts';
import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { LayerProgress } from '../events/lifecycle-events.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import { manifestBytesMax, parseManifest } from '../oci/parse-manifest.ts';
import type { Platform } from '../oci/platform.ts';
import type { Stage } from '../operation/operation.ts';
import type { ImageReference } from '../reference/image-reference.ts';
import { limitConcurrency } from '../snapshot/limit-concurrency.ts';
import { choosePlatform } from './choose-platform.ts';
import type { BlobDownloads } from './download-blob.ts';
import type { ImageSource, ImageSourceContext, RegistryCredentials } from './image-source.ts';
import { createPullProgress } from './pull-progress.ts';

const layersAtOnce = 3;

export interface PullOptions {
  readonly reference: ImageReference;
  readonly source: ImageSource;
  readonly platform: Platform;
  readonly contentStore: ContentStore;
  readonly downloads: BlobDownloads;
  readonly credentials: RegistryCredentials | undefined;
  readonly stage: Stage;
  readonly onProgress: (layers: readonly LayerProgress[]) => void;
}

export interface PulledImage {
  /** What the reference names: an index, or the manifest itself. */
  readonly root: Descriptor;
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
}

/**
 * Brings an image's manifest, config and layers into the content store. Every byte is verified on its way in. When it fails or is
 * cancelled nothing is recorded; finished layers and the beginnings of others stay for the next attempt.
 */
export async function pullImage(options: PullOptions): Promise<PulledImage> {
  const { reference, source, platform, stage, credentials } = options;
  const { signal, log } = stage;
  const context: ImageSourceContext = { signal, log, platform, ...(credentials === undefined ? {} : { credentials }) };
  const root = await source.resolve(reference, context);
  try {
    const { descriptor, manifest } = await pullManifest(root, options, context);
    await download(manifest.config, options, context);
    await pullLayers(manifest, options, context);
    return { root, descriptor, manifest };
  } catch (error) {
    // Drivers throw what they like when they are stopped.
    if (signal.aborted && !isJockerError(error, 'cancelled'))
      throw new JockerError('cancelled', `the pull of ${reference.text} was cancelled`, { cause: error });
    throw error;
  } finally {
    await source.release?.(reference);
  }
}

async function pullManifest(root: Descriptor, options: PullOptions, context: ImageSourceContext): Promise<Omit<PulledImage, 'root'>> {
  let descriptor = root;
  // An index may name another index; a ring of them ends here.
  for (let depth = 0; depth < 4; depth++) {
    if (descriptor.size > manifestBytesMax)
      throw new JockerError(
        'resource-exhausted',
        `the manifest of ${options.reference.text} has ${descriptor.size} bytes, more than ${manifestBytesMax}`,
      );
    await download(descriptor, options, context);
    const document = parseManifest(await options.contentStore.readAll(descriptor.digest), descriptor.mediaType);
    if (document.kind === 'manifest') return { descriptor, manifest: document };
    descriptor = choosePlatform(document, options.platform);
  }
  throw new JockerError('invalid-argument', `the indexes of ${options.reference.text} are nested too deep`);
}

async function pullLayers(manifest: ImageManifest, options: PullOptions, context: ImageSourceContext): Promise<void> {
  using progress = createPullProgress(manifest.layers, options.onProgress);
  const limited = limitConcurrency(layersAtOnce);
  // The first failure stops the others, and none of them goes on behind the caller's back.
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const results = await Promise.allSettled(
    manifest.layers.map(
      async (layer) =>
        await limited(async () => {
          try {
            signal.throwIfAborted();
            const outcome = await download(layer, options, { ...context, signal }, (bytesDone) => {
              progress.set(layer.digest, { state: bytesDone < layer.size ? 'downloading' : 'verifying', bytesDone });
            });
            progress.set(layer.digest, { state: outcome, bytesDone: layer.size });
          } catch (error) {
            stop.abort(error);
            throw error;
          }
        }),
    ),
  );
  if (results.some(({ status }) => status === 'rejected')) throw stop.signal.reason;
}

async function download(
  blob: Descriptor,
  { reference, source, downloads }: PullOptions,
  context: ImageSourceContext,
  onBytes?: (received: number) => void,
): Promise<'cached' | 'downloaded'> {
  return await downloads.download(blob, {
    signal: context.signal,
    fetch: async (wanted, offset, signal) => await source.fetch(reference, wanted, offset, { ...context, signal }),
    ...(onBytes === undefined ? {} : { onBytes }),
  });
}
