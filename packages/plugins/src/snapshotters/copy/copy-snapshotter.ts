import { join } from 'node:path';
import type { Digest, Logger, Mount, Snapshotter } from '@jocker/core';
import { diskUsage } from '../shared/disk-usage.ts';
import { makeRoot, SnapshotShelf } from '../shared/snapshot-shelf.ts';
import { copyTree } from './copy-tree.ts';

export interface CopySnapshotterOptions {
  readonly directory: string;
  readonly log: Logger;
}

/** Every layer and every container a whole tree of its own: works on any file system and inside any container, for its price in disk and time. */
export function createCopySnapshotter({ directory, log }: CopySnapshotterOptions): Snapshotter & AsyncDisposable {
  const shelf = new SnapshotShelf(directory, log);
  const treeOf = (key: string): string => join(shelf.container(key).directory, 'tree');
  const layerTree = (chainId: Digest): string => shelf.layerDirectory(shelf.layer(chainId).layer);
  const bind = (source: string, mode: 'ro' | 'rw'): readonly Mount[] => [{ type: 'bind', source, options: ['bind', mode] }];

  return {
    name: 'copy',
    whiteouts: 'plain',
    async probe() {
      await shelf.open();
      return { usable: true };
    },
    async has(chainId) {
      await shelf.open();
      return shelf.has(chainId);
    },
    async prepareLayer(key, parent, { signal }) {
      await shelf.open();
      const below = parent === undefined ? undefined : layerTree(parent);
      return {
        directory: await shelf.addLayerKey(key, parent, async (tree) => {
          if (below !== undefined) await copyTree(below, tree, signal);
        }),
      };
    },
    async commitLayer(chainId, key, sizeBytes) {
      await shelf.open();
      await shelf.commit(chainId, key, sizeBytes);
    },
    async prepare(key, parent, { signal }) {
      await shelf.open();
      await shelf.addContainer(key, parent, async (folder) => {
        await makeRoot(join(folder, 'tree'));
        if (parent !== undefined) await copyTree(layerTree(parent), join(folder, 'tree'), signal);
      });
      return bind(treeOf(key), 'rw');
    },
    async mounts(key) {
      await shelf.open();
      return bind(treeOf(key), 'rw');
    },
    async view(chainId) {
      await shelf.open();
      return bind(layerTree(chainId), 'ro');
    },
    async changesDirectory(key) {
      await shelf.open();
      shelf.container(key);
      return undefined;
    },
    async directories(key) {
      await shelf.open();
      return [treeOf(key)];
    },
    async layerDirectories(chainId) {
      await shelf.open();
      return [layerTree(chainId)];
    },
    async usage(key) {
      await shelf.open();
      return await diskUsage(treeOf(key));
    },
    async layerUsage(chainId) {
      await shelf.open();
      return shelf.layer(chainId).sizeBytes;
    },
    async remove(key) {
      await shelf.open();
      await shelf.removeKey(key);
    },
    async removeLayer(chainId) {
      await shelf.open();
      await shelf.removeLayer(chainId);
    },
    async list() {
      await shelf.open();
      return shelf.list();
    },
    async [Symbol.asyncDispose]() {
      await shelf[Symbol.asyncDispose]();
    },
  };
}
