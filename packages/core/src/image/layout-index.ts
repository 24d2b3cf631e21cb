import { rename, writeFile } from 'node:fs/promises';
import { mediaTypes } from '../oci/media-types.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { ImageStore } from './image-store.ts';

/** Keeps the content store's `index.json` in step with the names of images, so that other tools can read it as an OCI layout. */
export interface LayoutIndex extends AsyncDisposable {
  /** Something has changed; the file follows soon. */
  changed(): void;
}

export function createLayoutIndex(directory: string, imageStore: Pick<ImageStore, 'list' | 'referencesOf'>, log: Logger): LayoutIndex {
  let isDue = false;
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    while (isDue) {
      isDue = false;
      // It can be made again from the state at any time, hence no fsync; a reader sees the old one or the new one.
      await writeFile(`${directory}/index.json.new`, indexOf(imageStore), { mode: 0o600 });
      await rename(`${directory}/index.json.new`, `${directory}/index.json`);
    }
  }

  return {
    changed() {
      isDue = true;
      writing ??= Promise.resolve()
        .then(write)
        .catch((error: unknown) => log.warn('the index of the content store could not be written', { error: String(error) }))
        .finally(() => {
          writing = undefined;
        });
    },
    async [Symbol.asyncDispose]() {
      await writing;
    },
  };
}

/** An image with several names stands there once for each; one without a name once. */
function indexOf(imageStore: Pick<ImageStore, 'list' | 'referencesOf'>): string {
  const manifests = imageStore.list().flatMap(({ id, manifest }) => {
    const names = imageStore.referencesOf(id);
    if (names.length === 0) return [manifest];
    return names.map((name) => ({ ...manifest, annotations: { 'org.opencontainers.image.ref.name': name } }));
  });
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
}
