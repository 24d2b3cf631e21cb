import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { JockerError } from '../errors/jocker-error.ts';
import { detectFileCompression } from '../layer/decompress.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { asArray, asObject, asString, asStrings, optional } from '../oci/foreign-json.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { isDigest } from '../oci/parse-digest.ts';
import { encodeManifest } from '../oci/parse-manifest.ts';
import type { LocalImage, LocalImages } from './local-images.ts';
import { imagesOfIndex } from './oci-layout-images.ts';
import { readArchive, type ReadArchive } from './read-archive.ts';

/** The images of an archive of docker save (old and new form) or of an OCI archive. Its files live until it is disposed. */
export async function openArchiveImages(source: Readable, signal: AbortSignal): Promise<LocalImages & AsyncDisposable> {
  const archive = await readArchive(source, signal);
  try {
    const images = await imagesOf(archive, signal);
    return { ...images, [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose]() };
  } catch (error) {
    await archive[Symbol.asyncDispose]();
    throw error;
  }
}

async function imagesOf(archive: ReadArchive, signal: AbortSignal): Promise<LocalImages> {
  const index = archive.file('index.json');
  const listing = await archive.json('manifest.json');
  if (index !== undefined && archive.file('oci-layout') !== undefined) {
    const images = imagesOfIndex(await readFile(index.path));
    return {
      images: withDockerNames(images, listing),
      read: (blob, offset) => readMember(archive, `blobs/${blob.digest.replace(':', '/')}`, blob, offset),
    };
  }
  if (listing === undefined) throw new JockerError('invalid-argument', 'the archive has neither an index.json nor a manifest.json');
  return await dockerImages(archive, listing, signal);
}

function readMember(archive: ReadArchive, name: string, blob: Descriptor, offset: number): Readable {
  const file = archive.file(name);
  if (file === undefined) throw new JockerError('data-loss', `blob ${blob.digest} is missing in the archive`);
  return createReadStream(file.path, { start: offset, highWaterMark: 1 << 20 });
}

interface DockerEntry {
  readonly config: string;
  readonly repoTags: readonly string[];
  readonly layers: readonly string[];
}

function parseListing(listing: unknown): readonly DockerEntry[] {
  return asArray(listing, 'manifest.json').map((item, index) => {
    const entry = asObject(item, `manifest.json[${index}]`);
    return {
      config: asString(entry['Config'], `manifest.json[${index}].Config`),
      repoTags: optional(entry['RepoTags'], `manifest.json[${index}].RepoTags`, asStrings) ?? [],
      layers: optional(entry['Layers'], `manifest.json[${index}].Layers`, asStrings) ?? [],
    };
  });
}

/** The new form of docker save has both; names with more than one tag stand in manifest.json only. */
function withDockerNames(images: readonly LocalImage[], listing: unknown): readonly LocalImage[] {
  if (listing === undefined) return images;
  const entries = parseListing(listing);
  const [only] = images;
  if (entries.length === 1 && images.length === 1 && only !== undefined)
    return [{ ...only, names: [...new Set([...(entries[0]?.repoTags ?? []), ...only.names])] }];
  return images;
}

/** The old form: a config and layer tars by path. Their digests are computed here. */
async function dockerImages(archive: ReadArchive, listing: unknown, signal: AbortSignal): Promise<LocalImages> {
  const paths = new Map<Digest, string>();
  const small = new Map<Digest, Buffer>();
  const add = async (name: string, mediaType: string | undefined): Promise<Descriptor> => {
    const file = archive.file(name);
    if (file === undefined) throw new JockerError('data-loss', `${name} is missing in the archive`);
    const digest = await hashFile(file.path, signal);
    paths.set(digest, name);
    return {
      mediaType: mediaType ?? layerTypes[await detectFileCompression(file.path)] ?? mediaTypes.ociLayer,
      digest,
      size: file.sizeBytes,
    };
  };
  const images: LocalImage[] = [];
  for (const { config, layers, repoTags } of parseListing(listing)) {
    const configDescriptor = await add(config, mediaTypes.ociConfig);
    const stated = `sha256:${config.replace(/^.*\//, '').replace(/\.json$/, '')}`;
    if (isDigest(stated) && stated !== configDescriptor.digest)
      throw new JockerError('data-loss', `${config} in the archive does not match its name`);
    const layerDescriptors: Descriptor[] = [];
    for (const layer of layers) layerDescriptors.push(await add(layer, undefined));
    const manifest = encodeManifest({ mediaType: mediaTypes.ociManifest, config: configDescriptor, layers: layerDescriptors });
    const digest: Digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
    small.set(digest, manifest);
    images.push({ names: repoTags, descriptor: { mediaType: mediaTypes.ociManifest, digest, size: manifest.length } });
  }
  return {
    images,
    read(blob, offset) {
      const bytes = small.get(blob.digest);
      return bytes === undefined
        ? readMember(archive, paths.get(blob.digest) ?? '', blob, offset)
        : Readable.from([bytes.subarray(offset)], { objectMode: false });
    },
  };
}

const layerTypes: Readonly<Record<string, string>> = { gzip: mediaTypes.ociLayerGzip, zstd: mediaTypes.ociLayerZstd };

async function hashFile(path: string, signal: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
