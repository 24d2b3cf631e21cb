import { mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger, Mount, Snapshotter, Usability } from '@jocker/core';
import { diskUsage } from '../shared/disk-usage.ts';
import { SnapshotShelf } from '../shared/snapshot-shelf.ts';
import { overlayOptions } from './overlay-options.ts';
import { probeOverlay } from './probe-overlay.ts';

export interface OverlaySnapshotterOptions {
  readonly directory: string;
  /** Where a short link to the layers may be made, for images with very many of them. */
  readonly shortcut?: string;
  readonly log: Logger;
}

/** Layers as the folders that the kernel merges: nothing is copied, and what a container wrote lies apart in its upper folder. */
export function createOverlaySnapshotter({ directory, shortcut, log }: OverlaySnapshotterOptions): Snapshotter & AsyncDisposable {
  const shelf = new SnapshotShelf(directory, log);
  const layersDirectory = join(directory, 'l');
  const empty = join(directory, 'empty');
  let opening: Promise<void> | undefined;
  let probing: Promise<Usability> | undefined;

  async function open(): Promise<void> {
    await (opening ??= prepareFolders());
  }
  async function prepareFolders(): Promise<void> {
    await shelf.open();
    await mkdir(empty, { recursive: true, mode: 0o755 });
    await makeShortcut(shortcut, layersDirectory);
  }
  const upperOf = (key: string): string => join(shelf.container(key).directory, 'u');
  function mountsOf(key: string): readonly Mount[] {
    const container = shelf.container(key);
    const folders = { layers: container.layers, upper: join(container.directory, 'u'), work: join(container.directory, 'w') };
    return [{ type: 'overlay', source: 'overlay', options: overlayOptions(folders, layersDirectory, shortcut, empty) }];
  }

  return {
    name: 'overlay',
    whiteouts: 'overlay',
    async probe() {
      return await (probing ??= open().then(async () => await probeOverlay(directory)));
    },
    async has(chainId) {
      await open();
      return shelf.has(chainId);
    },
    async prepareLayer(key, parent) {
      await open();
      return { directory: await shelf.addLayerKey(key, parent, async () => undefined) };
    },
    async commitLayer(chainId, key, sizeBytes) {
      await open();
      await shelf.commit(chainId, key, sizeBytes);
    },
    async prepare(key, parent) {
      await open();
      await shelf.addContainer(key, parent, async (folder) => {
        await Promise.all([shelf.makeRootLike(join(folder, 'u'), parent), mkdir(join(folder, 'w'), { mode: 0o700 })]);
      });
      return mountsOf(key);
    },
    async mounts(key) {
      await open();
      return mountsOf(key);
    },
    async view(chainId) {
      await open();
      const options = overlayOptions({ layers: shelf.chain(chainId) }, layersDirectory, shortcut, empty);
      return [{ type: 'overlay', source: 'overlay', options }];
    },
    async changesDirectory(key) {
      await open();
      return upperOf(key);
    },
    async directories(key) {
      await open();
      return [upperOf(key), ...shelf.container(key).layers.map((id) => shelf.layerDirectory(id))];
    },
    async layerDirectories(chainId) {
      await open();
      return shelf.chain(chainId).map((id) => shelf.layerDirectory(id));
    },
    async usage(key) {
      await open();
      return await diskUsage(upperOf(key));
    },
    async layerUsage(chainId) {
      await open();
      return shelf.layer(chainId).sizeBytes;
    },
    async remove(key) {
      await open();
      await shelf.removeKey(key);
    },
    async removeLayer(chainId) {
      await open();
      await shelf.removeLayer(chainId);
    },
    async list() {
      await open();
      return shelf.list();
    },
    async [Symbol.asyncDispose]() {
      await shelf[Symbol.asyncDispose]();
    },
  };
}

/** Lies where a reboot clears, hence made anew at every start. */
async function makeShortcut(shortcut: string | undefined, layersDirectory: string): Promise<void> {
  if (shortcut === undefined) return;
  await mkdir(dirname(shortcut), { recursive: true, mode: 0o711 });
  await rm(shortcut, { force: true });
  await symlink(layersDirectory, shortcut);
}
