import { PassThrough, pipeline, type Readable } from 'node:stream';
import type { ContentStore } from '../content/content-store.ts';
import type { CallOptions, ContainerApi, ImageApi } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import { createDecompressor, detectCompression } from '../layer/decompress.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageConfig, ImageRunConfig } from '../oci/image-config.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { encodeImageConfig } from '../oci/parse-image-config.ts';
import { encodeManifest } from '../oci/parse-manifest.ts';
import { hostPlatform, parsePlatform } from '../oci/platform-text.ts';
import type { Operation } from '../operation/operation.ts';
import type { Operations } from '../operation/operations.ts';
import type { Driver, Drivers } from '../plugin/drivers.ts';
import type { ImageReference } from '../reference/image-reference.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import type { Transactions } from '../state/transactions.ts';
import { addImage, type ImageUnpackDeps } from './add-image.ts';
import { applyDockerfileChanges } from './apply-dockerfile-changes.ts';
import { openArchiveImages } from './archive-images.ts';
import type { BlobDownloads } from './download-blob.ts';
import { createGeneratedImage } from './generated-image.ts';
import type { ImageGarbage } from './image-garbage.ts';
import { imageView, platformOf, type ImageRecord } from './image-record.ts';
import type { ImageService } from './image-service.ts';
import type { ImageSource } from './image-source.ts';
import type { ImageStore } from './image-store.ts';
import { localImageSource } from './local-images.ts';
import { pullImage } from './pull-image.ts';
import { saveImages } from './save-images.ts';

export interface ImageArchivesDeps extends ImageUnpackDeps {
  readonly contentStore: ContentStore;
  readonly imageStore: ImageStore;
  readonly downloads: BlobDownloads;
  readonly garbage: ImageGarbage;
  readonly drivers: Drivers;
  readonly operations: Operations;
  readonly publisher: EventPublisher;
  readonly state: Transactions;
  readonly service: Pick<ImageService, 'parse' | 'record'>;
}

/** A container as it is committed. */
export interface CommittedContainer {
  readonly imageId: Digest;
  readonly changesLayer: Readable;
  readonly command: string;
  /** What it runs with. */
  readonly config: ImageRunConfig;
}

export interface ImageArchives extends Pick<ImageApi, 'save' | 'load' | 'import'> {
  /** A new image on top of the container's own. Publishing it is the caller's. */
  commit(
    container: CommittedContainer,
    options: NonNullable<Parameters<ContainerApi['commit']>[1]>,
    operation: Operation,
  ): Promise<ImageRecord>;
}

const anonymous: ImageReference = { kind: 'scheme', text: 'archive', scheme: 'archive', location: '' };

/** Images that come from and go to archives. All of them take the way of a pull, so that all of them are verified alike. */
export function createImageArchives(deps: ImageArchivesDeps): ImageArchives {
  const { contentStore, imageStore, publisher, state, service } = deps;
  const viewOf = (record: ImageRecord): ReturnType<typeof imageView> => imageView(record, imageStore.referencesOf(record.id), 0);

  async function take(
    source: ImageSource,
    platform: string | undefined,
    snapshotter: Driver<Snapshotter>,
    operation: Operation,
  ): Promise<ImageRecord> {
    const pulled = await pullImage({
      reference: anonymous,
      source,
      platform: platform === undefined ? hostPlatform() : parsePlatform(platform),
      contentStore,
      downloads: deps.downloads,
      credentials: undefined,
      stage: operation,
      onProgress: (layers) => operation.report(layers),
    });
    return await addImage(deps, { ...pulled, source: source.name, repoDigests: [], snapshotter, stage: operation });
  }

  async function run<T>(
    verb: string,
    subject: string,
    options: CallOptions,
    work: (operation: Operation, snapshotter: Driver<Snapshotter>) => Promise<T>,
  ): Promise<T> {
    const snapshotter = await deps.drivers.snapshotters.choose();
    return await deps.operations.run({ verb, subject, client: options.client, signal: options.signal }, async (operation) => {
      using _lease = await deps.garbage.lease();
      return await work(operation, snapshotter);
    });
  }

  return {
    async save(references) {
      const { archive, names } = saveImages(contentStore, imageStore, references);
      // What is being read must not be collected.
      const lease = await deps.garbage.lease();
      archive.once('close', () => {
        lease[Symbol.dispose]();
        if (names.length > 0) publisher.publish('image:saved', { references: names });
      });
      return archive;
    },
    async load(archive, options = {}) {
      return await run('image.load', 'archive', options, async (operation, snapshotter) => {
        await using images = await operation.stage('read', null, async ({ signal }) => await openArchiveImages(archive, signal));
        const loaded: { imageId: Digest; references: readonly string[] }[] = [];
        for (const image of images.images) {
          const record = await take(localImageSource(images, image, 'archive'), undefined, snapshotter, operation);
          const references = [...new Set(image.names.flatMap(referenceOf))];
          state.transaction(() => {
            let kept = service.record(record, undefined);
            for (const reference of references) kept = service.record(kept, reference);
            publisher.publish('image:loaded', { imageId: kept.id, references, views: [viewOf(kept)] }, { operationId: operation.id });
          });
          const known = loaded.find(({ imageId }) => imageId === record.id);
          if (known === undefined) loaded.push({ imageId: record.id, references });
          else known.references = [...new Set([...known.references, ...references])];
        }
        return loaded;
      });
    },
    async import(archive, options = {}) {
      const reference = options.reference === undefined ? undefined : service.parse(options.reference).text;
      const config = applyDockerfileChanges({}, options.changes ?? []);
      return await run('image.import', reference ?? 'archive', options, async (operation, snapshotter) => {
        await using image = await operation.stage('read', null, async ({ signal }) =>
          createGeneratedImage({
            layer: await decompressed(archive),
            config,
            createdBy: 'imported',
            signal,
            ...(options.message === undefined ? {} : { comment: options.message }),
            ...(options.platform === undefined ? {} : { platform: parsePlatform(options.platform) }),
          }),
        );
        const source: ImageSource = {
          name: 'import',
          accepts: () => true,
          resolve: () => Promise.resolve(image.descriptor),
          fetch: async (_reference, blob, offset) => image.fetch(blob, offset),
        };
        const record = await take(source, options.platform, snapshotter, operation);
        state.transaction(() => {
          const kept = service.record(record, reference);
          publisher.publish(
            'image:imported',
            { imageId: kept.id, reference: reference ?? null, view: viewOf(kept) },
            { operationId: operation.id },
          );
        });
        return { imageId: record.id };
      });
    },
    async commit({ imageId, changesLayer, command, config: runConfig }, options, operation) {
      const parent = imageStore.get(imageId);
      if (parent === undefined) {
        changesLayer.destroy();
        throw new JockerError('failed-precondition', `image ${imageId} of the container is not there any more`);
      }
      const reference = options.reference === undefined ? undefined : service.parse(options.reference).text;
      const config = applyDockerfileChanges({ ...runConfig, ...options.config }, options.changes ?? []);
      const snapshotter = await deps.drivers.snapshotters.choose();
      using _lease = await deps.garbage.lease();
      const layer = await operation.stage(
        'layer',
        null,
        async ({ signal }) => await contentStore.ingest(changesLayer, mediaTypes.ociLayer, signal),
      );
      const created = new Date().toISOString();
      const image: ImageConfig = {
        ...platformOf(parent),
        created,
        ...(options.author === undefined ? {} : { author: options.author }),
        config,
        rootfs: { type: 'layers', diffIds: [...parent.config.rootfs.diffIds, layer.digest] },
        history: [
          ...parent.config.history,
          {
            created,
            createdBy: command,
            ...(options.author === undefined ? {} : { author: options.author }),
            ...(options.message === undefined ? {} : { comment: options.message }),
          },
        ],
      };
      const configDescriptor = await contentStore.put(encodeImageConfig(image), mediaTypes.ociConfig);
      const manifest = { mediaType: mediaTypes.ociManifest, config: configDescriptor, layers: [...parent.layers, layer] };
      const descriptor = await contentStore.put(encodeManifest(manifest), mediaTypes.ociManifest);
      const record = await addImage(deps, {
        descriptor,
        manifest: { kind: 'manifest', annotations: {}, ...manifest },
        config: image,
        source: 'commit',
        repoDigests: [],
        snapshotter,
        stage: operation,
      });
      return state.transaction(() => service.record(record, reference));
    },
  };

  /** Archives name images by whole references, or by a bare tag that says nothing without a name. */
  function referenceOf(name: string): readonly string[] {
    if (!name.includes(':') && !name.includes('/')) return [];
    try {
      return [service.parse(name).text];
    } catch {
      return [];
    }
  }
}

/** Docker imports what it gets, compressed or not. */
async function decompressed(archive: Readable): Promise<Readable> {
  const start = await firstChunk(archive);
  const stage = createDecompressor(detectCompression(start));
  if (stage === undefined) return archive;
  const output = new PassThrough({ highWaterMark: 1 << 20 });
  pipeline(archive, stage, output, (error) => {
    if (error) output.destroy(new JockerError('data-loss', 'the archive is broken', { cause: error }));
  });
  return output;
}

/** Looks at the first bytes and puts them back. */
async function firstChunk(archive: Readable): Promise<Buffer> {
  for (;;) {
    const chunk = archive.read() as Buffer | null;
    if (chunk !== null) {
      archive.unshift(chunk);
      return chunk;
    }
    if (archive.readableEnded || archive.destroyed) return Buffer.alloc(0);
    await new Promise<void>((resolve) => {
      archive.once('readable', resolve);
      archive.once('end', resolve);
      archive.once('close', resolve);
    });
  }
}
