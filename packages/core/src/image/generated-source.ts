import { JockerError } from '../errors/jocker-error.ts';
import type { ImageReference } from '../reference/image-reference.ts';
import { createGeneratedImage, type GeneratedImage, type GeneratedImageOptions } from './generated-image.ts';
import type { ImageSource, ImageSourceContext } from './image-source.ts';

export interface GeneratedSourceOptions {
  /** References `SCHEME:LOCATION` are its images; also the name of the source. Lower-case letters, digits and dashes. */
  readonly scheme: string;
  /** When it is not to be called as its scheme. */
  readonly name?: string;
  /** The image of a location. Throws `not-found` or `invalid-argument` when there is none. */
  readonly make: (location: string, context: ImageSourceContext) => Promise<GeneratedContent> | GeneratedContent;
}

/** See `layerOfFiles` for a layer of a few files. */
export type GeneratedContent = Pick<GeneratedImageOptions, 'layer' | 'config' | 'comment' | 'platform'>;

/** A source that makes its images on the fly: all that is left to say is what is in them. */
export function createGeneratedSource({ scheme, name = scheme, make }: GeneratedSourceOptions): ImageSource {
  // Two pulls of one reference each have an image of their own.
  const made = new Map<string, GeneratedImage[]>();
  return {
    name,
    schemes: [scheme],
    accepts: (reference) => locationOf(reference, scheme) !== undefined,
    async resolve(reference, context) {
      context.signal.throwIfAborted();
      const content = await make(locationOf(reference, scheme) ?? '', context);
      const image = await createGeneratedImage({ ...content, createdBy: reference.text, signal: context.signal });
      made.set(reference.text, [...(made.get(reference.text) ?? []), image]);
      return image.descriptor;
    },
    async fetch({ text }, blob, offset) {
      const image = made.get(text)?.at(-1);
      if (image === undefined) throw new JockerError('failed-precondition', `image ${text} was not resolved before it was fetched`);
      return image.fetch(blob, offset);
    },
    async release({ text }) {
      const images = made.get(text) ?? [];
      // The same bytes whichever goes: an image made from the same reference at the same moment is the same.
      const oldest = images.shift();
      if (images.length === 0) made.delete(text);
      await oldest?.[Symbol.asyncDispose]();
    },
  };
}

function locationOf(reference: ImageReference, scheme: string): string | undefined {
  return reference.kind === 'scheme' && reference.scheme === scheme ? reference.location : undefined;
}
