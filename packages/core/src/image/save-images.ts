import type { Readable } from 'node:stream';
import type { ContentStore } from '../content/content-store.ts';
import { JockerError } from '../errors/jocker-error.ts';
import { createTarStream, type TarMember } from '../layer/tar-writer.ts';
import type { Digest } from '../oci/digest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { familiarReference } from '../reference/parse-reference.ts';
import type { ImageRecord } from './image-record.ts';
import type { ImageStore } from './image-store.ts';

interface SavedImage {
  readonly record: ImageRecord;
  readonly names: Set<string>;
}

/**
 * An archive that docker load, skopeo and every OCI tool read: an OCI layout with docker's manifest.json beside it. Layers are as
 * they were pulled, shared ones once. The caller destroys the stream; nothing is read ahead of it.
 */
export function saveImages(
  contentStore: ContentStore,
  imageStore: ImageStore,
  references: readonly string[],
): { readonly archive: Readable; readonly names: readonly string[] } {
  const images = new Map<Digest, SavedImage>();
  for (const text of references) {
    const { record, reference } = imageStore.find(text);
    const known = images.get(record.id) ?? { record, names: new Set<string>() };
    // By id: the image without its names, as docker does.
    if (reference !== undefined) known.names.add(reference);
    images.set(record.id, known);
  }
  if (images.size === 0) throw new JockerError('invalid-argument', 'no image was named');
  const all = [...images.values()];
  return { archive: createTarStream(members(contentStore, all)), names: all.flatMap(({ names }) => [...names]) };
}

const pathOf = (digest: Digest): string => `blobs/${digest.replace(':', '/')}`;

async function* members(contentStore: ContentStore, images: readonly SavedImage[]): AsyncGenerator<TarMember> {
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: images.flatMap(({ record, names }) =>
      names.size === 0 ? [record.manifest] : [...names].map((name) => ({ ...record.manifest, annotations: annotationsOf(name) })),
    ),
  };
  const listing = images.map(({ record, names }) => ({
    Config: pathOf(record.id),
    RepoTags: [...names].map(familiarReference),
    Layers: record.layers.map(({ digest }) => pathOf(digest)),
  }));
  for (const directory of ['blobs/', 'blobs/sha256/']) yield member(directory, 'directory', 0);
  const written = new Set<Digest>();
  for (const { record } of images) {
    const blobs = [...record.layers, { digest: record.id, size: record.configSizeBytes }, record.manifest];
    for (const { digest, size } of blobs) {
      if (written.has(digest)) continue;
      written.add(digest);
      yield { ...member(pathOf(digest), 'file', size), content: (await contentStore.read(digest)) as AsyncIterable<Buffer> };
    }
  }
  yield text('index.json', JSON.stringify(index));
  yield text('manifest.json', JSON.stringify(listing));
  yield text('oci-layout', '{"imageLayoutVersion":"1.0.0"}');
}

function annotationsOf(name: string): Record<string, string> {
  return { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1) };
}

function text(path: string, content: string): TarMember {
  const bytes = Buffer.from(content);
  return { ...member(path, 'file', bytes.length), content: [bytes] };
}

function member(path: string, type: 'file' | 'directory', size: number): TarMember {
  return {
    entry: {
      type,
      path: Buffer.from(path),
      linkPath: Buffer.alloc(0),
      mode: type === 'file' ? 0o644 : 0o755,
      uid: 0,
      gid: 0,
      size,
      mtimeNs: 0n,
      deviceMajor: 0,
      deviceMinor: 0,
      xattrs: new Map(),
    },
  };
}
