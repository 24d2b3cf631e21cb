import type { ContentStore } from '../content/content-store.ts';
import { isJockerError } from '../errors/jocker-error.ts';
import type { Digest } from '../oci/digest.ts';
import type { Logger } from '../operation/operation-context.ts';
import { chainIds } from '../snapshot/chain-id.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import { blobsOf } from './image-record.ts';
import type { ImageStore } from './image-store.ts';

/** Keeps what is being pulled, loaded or built from being collected before its record is there. */
export interface ImageGarbage extends AsyncDisposable {
  /**
   * While one is held nothing is collected; dispose it when the record is written, or was given up. Waits for a collection
   * that is under way, so that nothing is counted on which is about to go.
   */
  lease(): Promise<Disposable>;
  /**
   * Removes blobs and layers that no image needs, with `partials` also the beginnings of broken downloads. Gives the bytes that
   * became free. While a lease is held it gives 0 at once, and the last lease's end does the work.
   */
  collect(options?: { readonly partials?: boolean }): Promise<number>;
}

export interface ImageGarbageDeps {
  readonly contentStore: ContentStore;
  readonly imageStore: ImageStore;
  readonly snapshotters: () => Promise<readonly Snapshotter[]>;
  readonly log: Logger;
}

export function createImageGarbage({ contentStore, imageStore, snapshotters, log }: ImageGarbageDeps): ImageGarbage {
  let leases = 0;
  let isDue = false;
  let collecting: Promise<number> | undefined;

  async function collectNow(partials: boolean): Promise<number> {
    const images = imageStore.list();
    const neededBlobs = new Set(images.flatMap(blobsOf));
    const neededLayers = new Set(images.flatMap(({ config }) => chainIds(config.rootfs.diffIds)));
    let freed = partials ? await contentStore.removePartials() : 0;
    for (const snapshotter of await snapshotters()) {
      const { layers } = await snapshotter.list();
      freed += await removeLayers(
        snapshotter,
        layers.filter((chainId) => !neededLayers.has(chainId)),
      );
    }
    for await (const { digest, size } of contentStore.list()) {
      if (neededBlobs.has(digest)) continue;
      freed += size;
      await contentStore.remove(digest);
    }
    return freed;
  }

  /** Upper layers go before those below; what a container stands on stays. */
  async function removeLayers(snapshotter: Snapshotter, layers: readonly Digest[]): Promise<number> {
    let freed = 0;
    const left: Digest[] = [];
    for (const chainId of layers) {
      const size = await snapshotter.layerUsage(chainId).catch(() => 0);
      try {
        await snapshotter.removeLayer(chainId);
        freed += size;
      } catch (error) {
        if (!isJockerError(error, 'failed-precondition')) log.warn('a layer could not be removed', { chainId, error: String(error) });
        else left.push(chainId);
      }
    }
    return left.length < layers.length && left.length > 0 ? freed + (await removeLayers(snapshotter, left)) : freed;
  }

  async function collect(partials: boolean): Promise<number> {
    while (collecting !== undefined) await collecting.catch(() => undefined);
    isDue = leases > 0;
    if (isDue) return 0;
    collecting = collectNow(partials);
    try {
      return await collecting;
    } finally {
      collecting = undefined;
    }
  }

  return {
    async lease() {
      while (collecting !== undefined) await collecting.catch(() => undefined);
      leases += 1;
      let held = true;
      return {
        [Symbol.dispose]() {
          if (!held) return;
          held = false;
          leases -= 1;
          if (leases > 0 || !isDue) return;
          collect(false).catch((error: unknown) => log.warn('what no image needs could not be removed', { error: String(error) }));
        },
      };
    },
    collect: async ({ partials = false } = {}) => await collect(partials),
    async [Symbol.asyncDispose]() {
      await collecting?.catch(() => undefined);
    },
  };
}
