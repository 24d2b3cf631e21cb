import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { definePlugin, JockerError, openArchiveImages, selectImage, type ImageSource, type LocalImages, type Plugin } from '@jocker/core';
import { splitLocation } from '../split-location.ts';

type OpenArchive = LocalImages & AsyncDisposable;

/** `oci-archive:/path[:TAG]` and `docker-archive:/path[:REFERENCE]`; what the file holds decides, not the name. */
function createArchiveSource(): ImageSource {
  const opened = new Map<string, OpenArchive[]>();
  return {
    name: 'archive',
    schemes: ['oci-archive', 'docker-archive'],
    accepts: (reference) => reference.kind === 'scheme' && (reference.scheme === 'oci-archive' || reference.scheme === 'docker-archive'),
    async resolve(reference, { signal }) {
      const { path, name } = splitLocation(reference);
      const found = await stat(path).catch((cause: unknown) => {
        throw new JockerError('not-found', `there is no archive at ${path}`, { cause });
      });
      if (!found.isFile()) throw new JockerError('invalid-argument', `${path} is not a file`);
      const images = await openArchiveImages(createReadStream(path, { highWaterMark: 1 << 20 }), signal);
      try {
        const { descriptor } = selectImage(images, name, `the archive ${path}`);
        opened.set(reference.text, [...(opened.get(reference.text) ?? []), images]);
        return descriptor;
      } catch (error) {
        await images[Symbol.asyncDispose]();
        throw error;
      }
    },
    async fetch(reference, blob, offset) {
      const images = opened.get(reference.text)?.at(-1);
      if (images === undefined) throw new JockerError('failed-precondition', `${reference.text} was not resolved before it was fetched`);
      return images.read(blob, offset);
    },
    async release(reference) {
      const images = opened.get(reference.text) ?? [];
      const oldest = images.shift();
      if (images.length === 0) opened.delete(reference.text);
      await oldest?.[Symbol.asyncDispose]();
    },
  };
}

export const archiveSource: Plugin = definePlugin({
  name: 'image-source-archive',
  setup(jocker) {
    jocker.provide('imageSource', createArchiveSource);
  },
});
