import type { Readable } from 'node:stream';
import { JockerError } from '../errors/jocker-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ImageReference } from '../reference/image-reference.ts';
import type { ImageSource } from './image-source.ts';

export interface LocalImage {
  /** As the archive names it: whole references or bare tags; empty when it has no name. */
  readonly names: readonly string[];
  readonly descriptor: Descriptor;
}

/** Images that lie on this machine: in a layout's folder, or in an archive that was read. */
export interface LocalImages {
  readonly images: readonly LocalImage[];
  /** Bytes of a blob from an offset on. Throws `not-found`. */
  read(blob: Descriptor, offset: number): Readable;
}

/** The image of a name or tag; the only one when no name is given. Throws `not-found` with the names that there are. */
export function selectImage({ images }: LocalImages, name: string | undefined, where: string): LocalImage {
  if (name === undefined) {
    const [only, another] = images;
    if (only !== undefined && another === undefined) return only;
    const names = images.flatMap(({ names: own }) => own);
    throw new JockerError(
      images.length === 0 ? 'not-found' : 'invalid-argument',
      `${where} has ${images.length} images${names.length === 0 ? '' : ` (${names.join(', ')})`}; name one`,
    );
  }
  const found = images.find(
    ({ names, descriptor }) =>
      descriptor.digest === name || names.some((own) => own === name || own.endsWith(`:${name}`) || own.endsWith(`/${name}`)),
  );
  if (found !== undefined) return found;
  throw new JockerError(
    'not-found',
    `${where} has no image "${name}"; there are ${images.flatMap(({ names }) => names).join(', ') || 'none with a name'}`,
  );
}

/** One of these images as a source, for the same pipeline that pulls from a registry. */
export function localImageSource(images: LocalImages, image: LocalImage, name: string): ImageSource {
  return {
    name,
    accepts: () => true,
    resolve: (_reference: ImageReference) => Promise.resolve(image.descriptor),
    fetch: async (_reference, blob, offset) => images.read(blob, offset),
  };
}
