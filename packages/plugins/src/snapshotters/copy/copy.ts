import { join } from 'node:path';
import { definePlugin, type Plugin } from '@jocker/core';
import { createCopySnapshotter } from './copy-snapshotter.ts';

export const copySnapshotter: Plugin = definePlugin({
  name: 'snapshotter-copy',
  setup(jocker) {
    jocker.provide('snapshotter', () => {
      const snapshotter = createCopySnapshotter({ directory: join(jocker.directories.dataRoot, 'copy'), log: jocker.log });
      jocker.onClose(async () => await snapshotter[Symbol.asyncDispose]());
      return snapshotter;
    });
  },
});
