import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { JockerError } from '../errors/jocker-error.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/parse-manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import type { LocalImage, LocalImages } from './local-images.ts';

const refName = 'org.opencontainers.image.ref.name';
const containerdName = 'io.containerd.image.name';

/** The images that an index.json names. */
export function imagesOfIndex(bytes: Uint8Array): readonly LocalImage[] {
  const index = parseManifest(bytes, '');
  if (index.kind !== 'index') throw new JockerError('invalid-argument', 'index.json is no image index');
  return index.manifests.map((descriptor) => ({
    names: [descriptor.annotations?.[containerdName], descriptor.annotations?.[refName]].filter((name) => name !== undefined),
    descriptor: { mediaType: descriptor.mediaType || mediaTypes.ociManifest, digest: descriptor.digest, size: descriptor.size },
  }));
}

/** An OCI image layout in a folder. Throws `not-found` when there is none. */
export async function openOciLayout(directory: string): Promise<LocalImages> {
  await stat(`${directory}/oci-layout`).catch((cause: unknown) => {
    throw new JockerError('not-found', `there is no OCI image layout at ${directory}`, { cause });
  });
  const images = imagesOfIndex(await readFile(`${directory}/index.json`));
  const pathOf = (digest: Digest): string => `${directory}/blobs/${digest.replace(':', '/')}`;
  return {
    images,
    read: ({ digest }, offset) => createReadStream(pathOf(digest), { start: offset, highWaterMark: 1 << 20 }),
  };
}
