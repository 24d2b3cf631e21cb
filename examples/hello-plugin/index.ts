// An image source of a third party: `hello:NAME` is an image whose only program greets NAME.
//   jocker serve --plugin examples/hello-plugin      then      jocker run --rm hello:world
import { readFile } from 'node:fs/promises';
import { createGeneratedImage, definePlugin, type GeneratedImage, type ImageSource, type TarMember } from '@jocker/core';

const busybox = '/bin/busybox';

function createHelloSource(): ImageSource {
  const made = new Map<string, GeneratedImage>();
  return {
    name: 'hello',
    schemes: ['hello'],
    accepts: (reference) => reference.kind === 'scheme' && reference.scheme === 'hello',
    async resolve(reference, { signal }) {
      const name = reference.kind === 'scheme' ? reference.location : '';
      const image = await createGeneratedImage({
        layer: [file('busybox', await readFile(busybox))],
        config: { entrypoint: ['/busybox', 'echo', `hello, ${name}`] },
        createdBy: reference.text,
        signal,
      });
      made.set(reference.text, image);
      return image.descriptor;
    },
    async fetch(reference, blob, offset) {
      const image = made.get(reference.text);
      if (image === undefined) throw new Error(`${reference.text} was not resolved`);
      return image.fetch(blob, offset);
    },
    async release(reference) {
      await made.get(reference.text)?.[Symbol.asyncDispose]();
      made.delete(reference.text);
    },
  };
}

function file(path: string, content: Buffer): TarMember {
  const owner = { uid: 0, gid: 0, deviceMajor: 0, deviceMinor: 0, mtimeNs: 0n, xattrs: new Map() };
  return {
    entry: { ...owner, type: 'file', path: Buffer.from(path), linkPath: Buffer.alloc(0), mode: 0o755, size: content.length },
    content: [content],
  };
}

export default definePlugin({
  name: 'hello',
  setup(jocker) {
    jocker.provide('imageSource', createHelloSource);
    jocker.events.on('container:exited', ({ name, exitCode }) => jocker.log.info('a container ended', { name, exitCode }));
  },
});
