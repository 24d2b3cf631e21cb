// The program of a plugin's own process, for tests: the fake runtime and a small image source.
import { createGeneratedSource } from '../image/generated-source.ts';
import { layerOfFiles } from '../image/layer-of-files.ts';
import { JockerError } from '../errors/jocker-error.ts';
import { definePlugin } from '../plugin/plugin.ts';
import { servePlugin } from '../plugin-process/serve-plugin.ts';
import { createFakeRuntime } from './fake-runtime.ts';

const plugin = definePlugin({
  name: 'fake-plugin',
  setup(jocker) {
    jocker.provide('runtimeBackend', () => createFakeRuntime());
    jocker.provide('imageSource', () =>
      createGeneratedSource({
        scheme: 'made',
        make(name) {
          if (name === 'missing') throw new JockerError('not-found', 'there is no such image');
          return { layer: layerOfFiles({ '/file': 'x'.repeat(300_000) }), config: { command: ['/file'] } };
        },
      }),
    );
  },
});

const channel = servePlugin(Promise.resolve(plugin), (message) => void process.send?.(message));
process.on('message', (message) => channel.receive(message));
process.on('disconnect', () => process.exit(0));
