import { JockerError, type GeneratedImage, type ImageReference } from '@jocker/core';

/** The images that a source has made and not yet released, by reference. Two pulls of one reference each have their own. */
export interface GeneratedImages {
  add(reference: ImageReference, image: GeneratedImage): void;
  /** The newest one of that reference. */
  get(reference: ImageReference): GeneratedImage;
  release(reference: ImageReference): Promise<void>;
}

export function createGeneratedImages(): GeneratedImages {
  const made = new Map<string, GeneratedImage[]>();
  return {
    add({ text }, image) {
      made.set(text, [...(made.get(text) ?? []), image]);
    },
    get({ text }) {
      const image = made.get(text)?.at(-1);
      if (image === undefined) throw new JockerError('failed-precondition', `image ${text} was not resolved before it was fetched`);
      return image;
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
