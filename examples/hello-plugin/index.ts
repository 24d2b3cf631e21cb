// An image source of a third party: `hello:NAME` is an image whose only program greets NAME.
//   jocker serve --plugin examples/hello-plugin      then      jocker run --rm hello:world
import { readFile } from 'node:fs/promises';
import { createGeneratedSource, definePlugin, layerOfFiles } from '@jocker/core';

const hello = createGeneratedSource({
  scheme: 'hello',
  async make(name) {
    const busybox = await readFile('/bin/busybox');
    return {
      layer: layerOfFiles({ '/busybox': { type: 'file', content: busybox, mode: 0o755 } }),
      config: { entrypoint: ['/busybox', 'echo', `hello, ${name}`] },
    };
  },
});

export default definePlugin({
  name: 'hello',
  setup(jocker) {
    jocker.provide('imageSource', () => hello);
    jocker.events.on('container:exited', ({ name, exitCode }) => jocker.log.info('a container ended', { name, exitCode }));
  },
});
