import { join } from 'node:path';
import { definePlugin, type Plugin } from '@jocker/core';
import { createLocalDriver } from './local-driver.ts';

export const localVolumes: Plugin = definePlugin({
  name: 'volume-local',
  setup(jocker) {
    jocker.provide('volumeDriver', () => createLocalDriver(join(jocker.directories.dataRoot, 'volumes')));
  },
});
