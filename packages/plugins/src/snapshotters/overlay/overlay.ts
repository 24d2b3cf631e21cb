import { join } from 'node:path';
import { definePlugin, type Plugin } from '@jocker/core';
import { createOverlaySnapshotter } from './overlay-snapshotter.ts';

export const overlaySnapshotter: Plugin = definePlugin({
  name: 'snapshotter-overlay',
  setup(jocker) {
    jocker.provide('snapshotter', () => {
      const { dataRoot, runRoot } = jocker.directories;
      const snapshotter = createOverlaySnapshotter({ directory: join(dataRoot, 'overlay'), shortcut: join(runRoot, 'l'), log: jocker.log });
      jocker.onClose(async () => await snapshotter[Symbol.asyncDispose]());
      return snapshotter;
    });
  },
});
