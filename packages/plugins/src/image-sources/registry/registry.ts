import { definePlugin, type Plugin } from '@jocker/core';
import { createHttpExchange } from './http-exchange.ts';
import { createRegistryImageDestination } from './registry-image-destination.ts';
import { createRegistryImageSource } from './registry-image-source.ts';
import type { RegistryOptions } from './registry-options.ts';
import { createRegistrySessions } from './registry-sessions.ts';

export const registryImageSource: Plugin<RegistryOptions> = definePlugin<RegistryOptions>({
  name: 'image-source-registry',
  setup(jocker, options) {
    const exchange = createHttpExchange();
    jocker.onClose(() => exchange[Symbol.dispose]());
    const sessions = createRegistrySessions(exchange, options);
    jocker.provide('imageSource', () => createRegistryImageSource(sessions));
    jocker.provide('imageDestination', () => createRegistryImageDestination(sessions));
  },
});
