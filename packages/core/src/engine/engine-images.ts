import { join } from 'node:path';
import type { ContainerStore } from '../container/container-store.ts';
import { createDiskContentStore } from '../content/disk-content-store.ts';
import type { ImageApi, SystemApi } from './engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { ContentStore } from '../content/content-store.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import { createBlobDownloads } from '../image/download-blob.ts';
import { createImageGarbage } from '../image/image-garbage.ts';
import { createImageArchives, type ImageArchives } from '../image/image-archives.ts';
import { createImageService, type ImageService } from '../image/image-service.ts';
import { createLayoutIndex } from '../image/layout-index.ts';
import { createPush } from '../image/push-image.ts';
import { createImageStore, type ImageStore } from '../image/image-store.ts';
import { createLayerApplier } from '../layer/apply-layer.ts';
import type { Digest } from '../oci/digest.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { Operations } from '../operation/operations.ts';
import type { Driver, Drivers } from '../plugin/drivers.ts';
import type { PluginHost } from '../plugin/plugin-host.ts';
import type { ImageSource } from '../image/image-source.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import { syncFileSystem } from '../snapshot/sync-file-system.ts';
import { createUnpacker, type Unpacker } from '../snapshot/unpack-image.ts';
import type { State } from '../state/open-state.ts';

export interface EngineImages extends AsyncDisposable {
  readonly service: ImageService;
  readonly api: ImageApi;
  readonly archives: ImageArchives;
  readonly authenticate: SystemApi['authenticate'];
  readonly imageStore: ImageStore;
  readonly contentStore: ContentStore;
  /** Bytes of an image's unpacked layers; 0 when there is none of that id. */
  bytesOf(imageId: Digest): number;
  /** What an earlier engine was unpacking. Before anything is unpacked. */
  removeLeftovers(): Promise<void>;
}

export interface EngineImagesOptions {
  readonly dataRoot: string;
  readonly state: State;
  readonly publisher: EventPublisher;
  readonly operations: Operations;
  readonly drivers: Drivers;
  readonly plugins: Pick<PluginHost, 'contributions' | 'use'>;
  readonly containers: ContainerStore;
  readonly log: Logger;
  /** Layers of one pull. */
  readonly downloadsAtOnce: number | undefined;
}

/** All that has to do with images, put together. */
export async function openEngineImages(options: EngineImagesOptions): Promise<EngineImages> {
  const { state, drivers, plugins, containers } = options;
  const sources = (): readonly Driver<ImageSource>[] => plugins.contributions('imageSource');
  const contentStore = await createDiskContentStore(join(options.dataRoot, 'content'));
  const imageStore = createImageStore(state.database, state, () => sources().flatMap(({ value }) => value.schemes ?? []));
  const layoutIndex = createLayoutIndex(contentStore.path, imageStore, options.log);
  imageStore.onChange(() => layoutIndex.changed());
  layoutIndex.changed();
  const applier = createLayerApplier();
  const unpackers = new Map<Snapshotter, Unpacker>();
  const unpackerFor = (snapshotter: Snapshotter): Unpacker => {
    const known = unpackers.get(snapshotter);
    if (known !== undefined) return known;
    const unpacker = createUnpacker({ snapshotter, contentStore, applyLayer: (request) => applier.applyLayer(request), syncFileSystem });
    unpackers.set(snapshotter, unpacker);
    return unpacker;
  };
  const usable = async (): Promise<readonly Snapshotter[]> => (await drivers.snapshotters.usable()).map(({ value }) => value);
  const common = {
    contentStore,
    imageStore,
    downloads: createBlobDownloads(contentStore),
    garbage: createImageGarbage({ contentStore, imageStore, snapshotters: usable, log: options.log }),
    drivers,
    operations: options.operations,
    publisher: options.publisher,
    state,
    unpackerFor,
  };
  const service = createImageService({
    ...common,
    sources,
    use: (names) => plugins.use(names),
    downloadsAtOnce: options.downloadsAtOnce,
    usersOf: (id) => containers.list().flatMap(({ imageId, name }) => (imageId === id ? [name] : [])),
  });
  const archives = createImageArchives({ ...common, service });
  const push = createPush({ ...common, service, destinations: () => plugins.contributions('imageDestination') });
  return {
    service,
    archives,
    api: { ...service, push, save: archives.save, load: archives.load, import: archives.import },
    async authenticate(credentials, call = {}) {
      const asked = plugins.contributions('imageDestination').find(({ value }) => value.authenticate !== undefined)?.value;
      if (asked?.authenticate === undefined) throw new JockerError('unsupported', 'no plugin can try credentials');
      return await options.operations.run(
        { verb: 'registry.authenticate', subject: credentials.host, client: call.client, signal: call.signal },
        async (operation) =>
          await (asked.authenticate?.(credentials, operation) ??
            Promise.reject(new JockerError('unsupported', 'no plugin can try credentials'))),
      );
    },
    imageStore,
    contentStore,
    bytesOf: (imageId) => imageStore.get(imageId)?.layerSizesBytes.reduce((sum, bytes) => sum + bytes, 0) ?? 0,
    async removeLeftovers() {
      for (const snapshotter of await usable()) await unpackerFor(snapshotter).removeLeftovers();
    },
    async [Symbol.asyncDispose]() {
      await common.garbage[Symbol.asyncDispose]();
      await layoutIndex[Symbol.asyncDispose]();
      await applier.close();
    },
  };
}
