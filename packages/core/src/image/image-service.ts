import type { ContainerImages, ReadyImage } from '../container/container-deps.ts';
import type { ContentStore } from '../content/content-store.ts';
import type { ImageApi, PullResult } from '../engine/engine.ts';
import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { LayerProgress } from '../events/lifecycle-events.ts';
import type { Digest } from '../oci/digest.ts';
import { hostPlatform, parsePlatform } from '../oci/platform-text.ts';
import type { Operation } from '../operation/operation.ts';
import type { Operations } from '../operation/operations.ts';
import type { Driver, Drivers } from '../plugin/drivers.ts';
import type { PluginHost } from '../plugin/plugin-host.ts';
import type { ImageReference } from '../reference/image-reference.ts';
import { parseReference, repositoryOf } from '../reference/parse-reference.ts';
import { topChainId } from '../snapshot/chain-id.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import type { Transactions } from '../state/transactions.ts';
import { addImage, unpackFor, type ImageUnpackDeps } from './add-image.ts';
import type { BlobDownloads } from './download-blob.ts';
import type { ImageGarbage } from './image-garbage.ts';
import { findAccepting } from './find-accepting.ts';
import { imageHistory } from './image-history.ts';
import { imageDetails, imageView, platformOf, type ImageRecord } from './image-record.ts';
import type { ImageSource, RegistryCredentials } from './image-source.ts';
import type { ImageStore } from './image-store.ts';
import { pullImage, type PulledImage } from './pull-image.ts';
import { pruneImages, removeImage } from './remove-images.ts';

export interface ImageServiceDeps extends ImageUnpackDeps {
  readonly contentStore: ContentStore;
  readonly imageStore: ImageStore;
  readonly downloads: BlobDownloads;
  readonly garbage: ImageGarbage;
  /** As they are now, in the order in which they are asked. */
  readonly sources: () => readonly Driver<ImageSource>[];
  readonly use: PluginHost['use'];
  readonly drivers: Drivers;
  readonly operations: Operations;
  readonly publisher: EventPublisher;
  readonly state: Transactions;
  readonly usersOf: (id: Digest) => readonly string[];
  readonly downloadsAtOnce?: number | undefined;
}

export type ImageService = Pick<ImageApi, 'pull' | 'list' | 'inspect' | 'history' | 'tag' | 'remove' | 'prune'> &
  ContainerImages & {
    /** Gives a record its name, and tells it. The view is of the record as it is then. */
    record(image: ImageRecord, reference: string | undefined): ImageRecord;
    parse(reference: string): ImageReference;
  };

interface PullRequest {
  readonly reference: ImageReference;
  readonly platform: string | undefined;
  readonly credentials: RegistryCredentials | undefined;
  readonly snapshotter: Driver<Snapshotter>;
  readonly onProgress: ((layers: readonly LayerProgress[]) => void) | undefined;
}

export function createImageService(deps: ImageServiceDeps): ImageService {
  const { imageStore, publisher, state } = deps;
  const schemes = (): string[] => deps.sources().flatMap(({ value }) => value.schemes ?? []);
  const parse = (text: string): ImageReference => parseReference(text, { schemes: schemes() });
  const viewOf = (record: ImageRecord): ReturnType<typeof imageView> =>
    imageView(record, imageStore.referencesOf(record.id), deps.usersOf(record.id).length);

  function record(image: ImageRecord, reference: string | undefined): ImageRecord {
    const known = imageStore.get(image.id);
    const kept: ImageRecord = {
      ...image,
      repoDigests: [...new Set([...(known?.repoDigests ?? []), ...image.repoDigests])],
      lastTagged: reference === undefined ? (known?.lastTagged ?? null) : new Date().toISOString(),
    };
    imageStore.put(kept);
    if (reference === undefined) return kept;
    const loser = imageStore.tag(reference, kept.id);
    if (loser !== undefined) publisher.publish('image:untagged', { imageId: loser, reference });
    return kept;
  }

  async function pull(request: PullRequest, operation: Operation): Promise<PullResult> {
    const begun = performance.now();
    const { reference, snapshotter } = request;
    const source = await findAccepting(deps.sources(), reference);
    if (source === undefined) throw new JockerError('unsupported', `no image source takes "${reference.text}"`);
    using _inUse = deps.use([source.plugin, snapshotter.plugin]);
    const layers = new Map<Digest, LayerProgress>();
    const report = (): void => {
      const all = [...layers.values()];
      operation.report(all);
      request.onProgress?.(all);
      publisher.publish('image:progress', { reference: reference.text, layers: all }, { operationId: operation.id });
    };
    publisher.publish('image:pulling', { reference: reference.text }, { operationId: operation.id });
    using _lease = await deps.garbage.lease();
    const pulled = await operation.stage(
      'pull',
      source.plugin,
      async (stage) =>
        await pullImage({
          reference,
          source: source.value,
          platform: request.platform === undefined ? hostPlatform() : parsePlatform(request.platform),
          contentStore: deps.contentStore,
          downloads: deps.downloads,
          credentials: request.credentials,
          downloadsAtOnce: deps.downloadsAtOnce,
          stage,
          onProgress: (all) => {
            for (const layer of all) layers.set(layer.digest, layer);
            report();
          },
        }),
    );
    const unpackBegun = performance.now();
    const image = await addImage(deps, {
      ...pulled,
      source: source.value.name,
      repoDigests: repoDigestsOf(reference, pulled),
      snapshotter,
      stage: operation,
      onLayer: coalesce((layer) => {
        layers.set(layer.digest, layer);
        report();
      }),
    });
    const before = findOnPlatform(reference.text, undefined)?.record.id;
    const isNew = imageStore.get(image.id) === undefined;
    operation.signal.throwIfAborted();
    state.transaction(() => {
      // A digest is no name, also when a tag stands before it.
      const kept = record(image, reference.kind === 'registry' && reference.digest !== undefined ? undefined : reference.text);
      if (isNew) {
        publisher.publish(
          'image:unpacked',
          {
            imageId: kept.id,
            chainId: topChainId(kept.config.rootfs.diffIds) ?? null,
            layers: kept.layers.length,
            durationMs: performance.now() - unpackBegun,
          },
          { operationId: operation.id },
        );
      }
      publisher.publish(
        'image:pulled',
        {
          reference: reference.text,
          imageId: kept.id,
          manifest: pulled.root.digest,
          source: kept.source,
          durationMs: performance.now() - begun,
          view: viewOf(kept),
        },
        { operationId: operation.id },
      );
    });
    return { imageId: image.id, manifest: pulled.root.digest, reference: reference.text, changed: before !== image.id };
  }

  return {
    parse,
    record,
    async pull(text, options = {}) {
      const reference = parse(text);
      const snapshotter = await deps.drivers.snapshotters.choose();
      return await deps.operations.run(
        { verb: 'image.pull', subject: reference.text, client: options.client, signal: options.signal },
        async (operation) =>
          await pull(
            { reference, platform: options.platform, credentials: options.credentials, snapshotter, onProgress: options.onProgress },
            operation,
          ),
      );
    },
    async ensure(text, options): Promise<ReadyImage> {
      const found = options.pull === 'always' ? undefined : findOnPlatform(text, options.platform);
      const snapshotter = deps.drivers.snapshotters.byName(options.snapshotter.name);
      if (found !== undefined) return await ready(found.record, found.reference ?? text, snapshotter, options.operation);
      if (options.pull === 'never')
        throw new JockerError('not-found', `no such image: ${text}`, { details: { reason: 'no-such-image', reference: text } });
      const reference = parse(text);
      const { imageId } = await pull(
        { reference, platform: options.platform, credentials: options.credentials, snapshotter, onProgress: options.onProgress },
        options.operation,
      );
      const image = imageStore.get(imageId);
      if (image === undefined) throw new JockerError('not-found', `image ${reference.text} was removed while it was pulled`);
      return await ready(image, reference.text, snapshotter, options.operation);
    },
    async list() {
      return imageStore.list().map(viewOf);
    },
    async inspect(text) {
      const { record: image } = imageStore.find(text);
      return imageDetails(image, imageStore.referencesOf(image.id), deps.usersOf(image.id).length);
    },
    async history(text) {
      const { record: image } = imageStore.find(text);
      return imageHistory(image, imageStore.referencesOf(image.id));
    },
    async tag(text, newReference) {
      const { record: image } = imageStore.find(text);
      const reference = parse(newReference);
      if (reference.kind === 'registry' && reference.digest !== undefined)
        throw new JockerError('invalid-argument', `"${newReference}" has a digest, and a digest cannot be given as a name`);
      state.transaction(() => {
        const kept = record(image, reference.text);
        publisher.publish('image:tagged', { imageId: kept.id, reference: reference.text });
      });
    },
    async remove(text, options) {
      return await removeImage(deps, text, options);
    },
    async prune(options) {
      return await pruneImages(deps, options);
    },
  };

  /** An image of another platform under that name does not count when a platform was asked for. */
  function findOnPlatform(text: string, platform: string | undefined): ReturnType<ImageStore['find']> | undefined {
    try {
      const found = imageStore.find(text);
      if (platform === undefined) return found;
      const [wanted, actual] = [parsePlatform(platform), platformOf(found.record)];
      return wanted.os === actual.os && wanted.architecture === actual.architecture ? found : undefined;
    } catch (error) {
      if (isJockerError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  /** The layers may be missing at this snapshotter: pulled for another, or lost in a crash. */
  async function ready(image: ImageRecord, reference: string, snapshotter: Driver<Snapshotter>, operation: Operation): Promise<ReadyImage> {
    const { diffIds } = image.config.rootfs;
    const chainId = topChainId(diffIds);
    if (chainId !== undefined && !(await snapshotter.value.has(chainId))) {
      using _lease = await deps.garbage.lease();
      await unpackFor(deps, image, image.config, { snapshotter, stage: operation });
    }
    return { reference, imageId: image.id, config: image.config.config, chainId, platform: platformOf(image) };
  }
}

function repoDigestsOf(reference: ImageReference, { root }: PulledImage): readonly string[] {
  return reference.kind === 'registry' ? [`${repositoryOf(reference)}@${root.digest}`] : [];
}

/** Byte counts at most ten times a second; every change of state at once. */
function coalesce(tell: (layer: LayerProgress) => void): (layer: LayerProgress) => void {
  const told = new Map<Digest, { readonly state: string; readonly at: number }>();
  return (layer) => {
    const last = told.get(layer.digest);
    const now = performance.now();
    if (last !== undefined && last.state === layer.state && now - last.at < 100) return;
    told.set(layer.digest, { state: layer.state, at: now });
    tell(layer);
  };
}
