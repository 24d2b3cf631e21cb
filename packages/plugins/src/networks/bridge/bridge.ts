import { join } from 'node:path';
import { definePlugin, type Plugin } from '@jocker/core';
import { createBridgeDriver } from './bridge-driver.ts';

export const bridgeNetworks: Plugin = definePlugin({
  name: 'network-bridge',
  setup(jocker) {
    jocker.provide('networkDriver', () => {
      const { engineId, log, directories } = jocker;
      const driver = createBridgeDriver({ engineId, log, runDirectory: join(directories.runRoot, 'networks') });
      jocker.onClose(async () => await driver.close());
      return driver;
    });
  },
});
