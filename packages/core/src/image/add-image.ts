import type { ContentStore } from '../content/content-store.ts';
import type { LayerProgress } from '../events/lifecycle-events.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import type { Stage } from '../operation/operation.ts';
import type { Driver } from '../plugin/drivers.ts';
import { chainIds } from '../snapshot/chain-id.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import type { Unpacker } from '../snapshot/unpack-image.ts';
import type { ImageRecord } from './image-record.ts';

export interface ImageUnpackDeps {
  readonly contentStore: ContentStore;
  /** One unpacker for each snapshotter, always the same. */
  readonly unpackerFor: (snapshotter: Snapshotter) => Unpacker;
}

export interface AddImageOptions {
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  readonly source: string;
  readonly repoDigests: readonly string[];
  readonly snapshotter: Driver<Snapshotter>;
  readonly stage: Stage;
  readonly onLayer?: (layer: LayerProgress) => void;
}

/** Unpacks the layers, and gives the record to be kept. All blobs are in the content store. */
export async function addImage(deps: ImageUnpackDeps, options: AddImageOptions): Promise<ImageRecord> {
  const { descriptor, manifest, config } = options;
  const layerSizesBytes = await unpackFor(deps, manifest, config, options);
  return {
    id: manifest.config.digest,
    manifest: { mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size },
    configSizeBytes: manifest.config.size,
    config,
    layers: manifest.layers,
    layerSizesBytes,
    repoDigests: options.repoDigests,
    source: options.source,
    lastTagged: null,
  };
}

/** Makes the layers ready at a snapshotter. Gives each one's size in bytes. */
export async function unpackFor(
  { unpackerFor }: ImageUnpackDeps,
  manifest: Pick<ImageManifest, 'layers'>,
  config: ImageConfig,
  { snapshotter, stage, onLayer }: Pick<AddImageOptions, 'snapshotter' | 'stage' | 'onLayer'>,
): Promise<readonly number[]> {
  return await stage.stage('unpack', snapshotter.plugin, async (unpacking) => {
    await unpackerFor(snapshotter.value).unpackImage(manifest, config, {
      signal: unpacking.signal,
      log: unpacking.log,
      ...(onLayer === undefined ? {} : { onProgress: onLayer }),
    });
    return await Promise.all(chainIds(config.rootfs.diffIds).map(async (chainId) => await snapshotter.value.layerUsage(chainId)));
  });
}
