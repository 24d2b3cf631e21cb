import type { ContentStore } from '../content/content-store.ts';
import { chainIds } from '../snapshot/chain-id.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import { blobsOf } from './image-record.ts';
import type { ImageStore } from './image-store.ts';

/** Keeps what is being pulled, loaded or built from being collected before its record is there. */
export interface ImageGarbage {
  /**
   * While one is held nothing is collected; dispose it when the record is written, or was given up. Waits for a collection
   * that is under way, so that nothing is counted on which is about to go.
   */
  lease(): Promise<Disposable>;
  /** Removes blobs and layers that no image needs; waits for the leases. Gives the bytes that became free. */
  collect(): Promise<number>;
}

export interface ImageGarbageDeps {
  readonly contentStore: ContentStore;
  readonly imageStore: ImageStore;
  readonly snapshotters: () => Promise<readonly Snapshotter[]>;
}

export function createImageGarbage({ contentStore, imageStore, snapshotters }: ImageGarbageDeps): ImageGarbage {
  let leases = 0;
  let released = Promise.withResolvers<void>();
  let collecting: Promise<number> | undefined;

  async function collectNow(): Promise<number> {
    const images = imageStore.list();
    const neededBlobs = new Set(images.flatMap(blobsOf));
    const neededLayers = new Set(images.flatMap(({ config }) => chainIds(config.rootfs.diffIds)));
    let freed = 0;
    for (const snapshotter of await snapshotters()) {
      for (const chainId of (await snapshotter.list()).layers) {
        if (neededLayers.has(chainId)) continue;
        freed += await snapshotter.layerUsage(chainId).catch(() => 0);
        await snapshotter.removeLayer(chainId);
      }
    }
    for await (const { digest, size } of contentStore.list()) {
      if (neededBlobs.has(digest)) continue;
      freed += size;
      await contentStore.remove(digest);
    }
    return freed;
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
          if (leases > 0) return;
          released.resolve();
          released = Promise.withResolvers();
        },
      };
    },
    async collect() {
      while (leases > 0 || collecting !== undefined) await (leases > 0 ? released.promise : collecting?.catch(() => undefined));
      collecting = collectNow();
      try {
        return await collecting;
      } finally {
        collecting = undefined;
      }
    },
  };
}
