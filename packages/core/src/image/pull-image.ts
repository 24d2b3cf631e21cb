import { setTimeout as sleep } from 'node:timers/promises';
import type { ContentStore } from '../content/content-store.ts';
import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { LayerProgress } from '../events/lifecycle-events.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import { configMediaTypes } from '../oci/media-types.ts';
import { parseImageConfig } from '../oci/parse-image-config.ts';
import { manifestBytesMax, parseManifest } from '../oci/parse-manifest.ts';
import type { Platform } from '../oci/platform.ts';
import type { Stage } from '../operation/operation.ts';
import type { ImageReference } from '../reference/image-reference.ts';
import { limitConcurrency } from '../snapshot/limit-concurrency.ts';
import { choosePlatform } from './choose-platform.ts';
import type { BlobDownloads } from './download-blob.ts';
import type { ImageSource, ImageSourceContext, RegistryCredentials } from './image-source.ts';
import { createPullProgress } from './pull-progress.ts';

const defaultDownloadsAtOnce = 3;
const configBytesMax = 8 * 1024 * 1024;
const resolvePauseMs = 200;
const resolvePauseMsMax = 400;

export interface PullOptions {
  readonly reference: ImageReference;
  readonly source: ImageSource;
  readonly platform: Platform;
  readonly contentStore: ContentStore;
  readonly downloads: BlobDownloads;
  readonly credentials: RegistryCredentials | undefined;
  readonly stage: Stage;
  /** Of layers; 3 when absent. */
  readonly downloadsAtOnce?: number | undefined;
  readonly onProgress: (layers: readonly LayerProgress[]) => void;
}

export interface PulledImage {
  /** What the reference names: an index, or the manifest itself. */
  readonly root: Descriptor;
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
}

/**
 * Brings an image's manifest, config and layers into the content store. Every byte is verified on its way in. When it fails or is
 * cancelled nothing is recorded; finished layers and the beginnings of others stay for the next attempt.
 */
export async function pullImage(options: PullOptions): Promise<PulledImage> {
  const { reference, source, platform, stage, credentials } = options;
  const { signal, log } = stage;
  const context: ImageSourceContext = { signal, log, platform, ...(credentials === undefined ? {} : { credentials }) };
  try {
    const root = await resolve(source, reference, context);
    try {
      const { descriptor, manifest } = await pullManifest(root, options, context);
      const config = await pullConfig(manifest, options, context);
      await pullLayers(manifest, options, context);
      return { root, descriptor, manifest, config };
    } finally {
      await source.release?.(reference);
    }
  } catch (error) {
    // Drivers throw what they like when they are stopped.
    if (signal.aborted && !isJockerError(error, 'cancelled'))
      throw new JockerError('cancelled', `the pull of ${reference.text} was cancelled`, { cause: error });
    throw error;
  }
}

async function resolve(source: ImageSource, reference: ImageReference, context: ImageSourceContext): Promise<Descriptor> {
  for (let pauseMs = resolvePauseMs; ; pauseMs *= 2) {
    try {
      return await source.resolve(reference, context);
    } catch (error) {
      if (!isJockerError(error, 'unavailable') || pauseMs > resolvePauseMsMax) throw error;
      await sleep(pauseMs, undefined, { signal: context.signal });
    }
  }
}

async function pullManifest(
  root: Descriptor,
  options: PullOptions,
  context: ImageSourceContext,
): Promise<Pick<PulledImage, 'descriptor' | 'manifest'>> {
  let descriptor = root;
  // An index may name another index; a ring of them ends here.
  for (let depth = 0; depth < 4; depth++) {
    if (descriptor.size > manifestBytesMax)
      throw new JockerError(
        'resource-exhausted',
        `the manifest of ${options.reference.text} has ${descriptor.size} bytes, more than ${manifestBytesMax}`,
      );
    await download(descriptor, options, context);
    const bytes = await options.contentStore.readAll(descriptor.digest);
    const next = inImage(options.reference, () => {
      const document = parseManifest(bytes, descriptor.mediaType);
      if (document.kind === 'index') return choosePlatform(document, options.platform);
      const { mediaType } = document.config;
      if (configMediaTypes.includes(mediaType)) return document;
      throw new JockerError('unsupported', `it is a ${mediaType.slice(0, 100)}, not an image to run`);
    });
    if ('config' in next) return { descriptor, manifest: next };
    descriptor = next;
  }
  throw new JockerError('invalid-argument', `the indexes of ${options.reference.text} are nested too deep`);
}

async function pullConfig(manifest: ImageManifest, options: PullOptions, context: ImageSourceContext): Promise<ImageConfig> {
  await download(manifest.config, options, context);
  const bytes = await options.contentStore.readAll(manifest.config.digest, configBytesMax);
  return inImage(options.reference, () => {
    const config = parseImageConfig(bytes);
    const named = config.rootfs.diffIds.length;
    if (named !== manifest.layers.length)
      throw new JockerError('invalid-argument', `it has ${manifest.layers.length} layers but its config names ${named}`);
    if (config.os !== 'linux') throw new JockerError('unsupported', `it is for ${config.os.slice(0, 100)}, not for linux`);
    return config;
  });
}

/** What is wrong with a document says so of its image. */
function inImage<T>(reference: ImageReference, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!isJockerError(cause)) throw cause;
    throw new JockerError(cause.code, `image ${reference.text}: ${cause.message}`, { cause, details: cause.details });
  }
}

async function pullLayers(manifest: ImageManifest, options: PullOptions, context: ImageSourceContext): Promise<void> {
  using progress = createPullProgress(manifest.layers, options.onProgress);
  const limited = limitConcurrency(options.downloadsAtOnce ?? defaultDownloadsAtOnce);
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
