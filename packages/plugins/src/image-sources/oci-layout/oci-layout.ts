import { definePlugin, openOciLayout, selectImage, type ImageReference, type ImageSource, type Plugin } from '@jocker/core';
import { splitLocation } from '../split-location.ts';

/** `oci:/path/of/a/layout[:TAG]` */
function createOciLayoutSource(): ImageSource {
  const locate = (reference: ImageReference): { path: string; name: string | undefined } => splitLocation(reference);
  return {
    name: 'oci-layout',
    schemes: ['oci'],
    accepts: (reference) => reference.kind === 'scheme' && reference.scheme === 'oci',
    async resolve(reference, { signal }) {
      signal.throwIfAborted();
      const { path, name } = locate(reference);
      return selectImage(await openOciLayout(path), name, `the layout ${path}`).descriptor;
    },
    fetch: async (reference, blob, offset) => (await openOciLayout(locate(reference).path)).read(blob, offset),
  };
}

export const ociLayoutSource: Plugin = definePlugin({
  name: 'image-source-oci-layout',
  setup(jocker) {
    jocker.provide('imageSource', createOciLayoutSource);
  },
});
