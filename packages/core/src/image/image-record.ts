import type { ImageDetails, ImageView } from '../engine/engine.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import { hostPlatform } from '../oci/platform-text.ts';
import type { Platform } from '../oci/platform.ts';

/** What the engine keeps of an image; its blobs are in the content store, its layers at the snapshotter. */
export interface ImageRecord {
  /** Digest of the config blob. */
  readonly id: Digest;
  readonly manifest: Descriptor;
  readonly configSizeBytes: number;
  readonly config: ImageConfig;
  readonly layers: readonly Descriptor[];
  /** Bytes of each layer unpacked, in order. */
  readonly layerSizesBytes: readonly number[];
  /** `name@sha256:…`, for each repository that it came from. */
  readonly repoDigests: readonly string[];
  readonly source: string;
  /** ISO 8601; null as long as it never had a name. */
  readonly lastTagged: string | null;
}

/** Every blob that the image consists of. */
export function blobsOf(record: ImageRecord): readonly Digest[] {
  return [record.manifest.digest, record.id, ...record.layers.map(({ digest }) => digest)];
}

export function platformOf({ config }: ImageRecord): Platform {
  const { os, architecture, variant } = config;
  return architecture === '' ? hostPlatform() : { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

export function imageView(record: ImageRecord, references: readonly string[], containers: number): ImageView {
  return {
    id: record.id,
    references,
    repoDigests: record.repoDigests,
    manifest: record.manifest.digest,
    created: record.config.created ?? '1970-01-01T00:00:00Z',
    sizeBytes: record.layerSizesBytes.reduce((sum, size) => sum + size, 0),
    platform: platformOf(record),
    labels: record.config.config.labels ?? {},
    containers,
    source: record.source,
  };
}

export function imageDetails(record: ImageRecord, references: readonly string[], containers: number): ImageDetails {
  return {
    ...imageView(record, references, containers),
    author: record.config.author ?? '',
    comment: record.config.history.at(-1)?.comment ?? '',
    config: record.config.config,
    diffIds: record.config.rootfs.diffIds,
    layers: record.layers.map(({ digest, mediaType }, index) => ({ digest, mediaType, sizeBytes: record.layerSizesBytes[index] ?? 0 })),
    lastTagged: record.lastTagged,
  };
}
