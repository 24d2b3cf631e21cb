import type { ImageApi, RemovedImages } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { Digest } from '../oci/digest.ts';
import type { Transactions } from '../state/transactions.ts';
import type { ImageGarbage } from './image-garbage.ts';
import { imageView, type ImageRecord } from './image-record.ts';
import type { ImageStore } from './image-store.ts';

export interface RemoveImagesDeps {
  readonly imageStore: ImageStore;
  readonly state: Transactions;
  readonly publisher: EventPublisher;
  readonly garbage: ImageGarbage;
  /** Names of the containers made from an image. */
  readonly usersOf: (id: Digest) => readonly string[];
}

/**
 * By a name: that name goes, and the image with its last one. By id: the image with all its names, of which there may be one
 * unless forced. An image that a container was made from stays; forced, it loses its names and goes with the next prune.
 */
export async function removeImage(
  deps: RemoveImagesDeps,
  text: string,
  options: { readonly force?: boolean } = {},
): Promise<RemovedImages> {
  const { record, reference } = deps.imageStore.find(text);
  const references = deps.imageStore.referencesOf(record.id);
  const isLast = reference === undefined || references.length <= 1;
  if (reference === undefined && references.length > 1 && options.force !== true) {
    throw new JockerError(
      'failed-precondition',
      `image ${text} has several names (${references.join(', ')}); remove them by name, or force it`,
      {
        details: { reason: 'in-use' },
      },
    );
  }
  if (!isLast) return untag(deps, record, [reference]);
  const users = deps.usersOf(record.id);
  if (users.length === 0) {
    const removed = forget(deps, record);
    await deps.garbage.collect();
    return removed;
  }
  if (options.force !== true)
    throw new JockerError('failed-precondition', `image ${text} is used by container ${users[0]}`, {
      details: { reason: 'in-use', containers: users },
    });
  return untag(deps, record, references);
}

export async function pruneImages(
  deps: RemoveImagesDeps,
  { danglingOnly, filter = () => true }: Parameters<ImageApi['prune']>[0],
): Promise<RemovedImages & { readonly reclaimedBytes: number }> {
  const removed: RemovedImages[] = deps.imageStore
    .list()
    .filter((record) => {
      const references = deps.imageStore.referencesOf(record.id);
      return (references.length === 0 || !danglingOnly) && deps.usersOf(record.id).length === 0 && filter(imageView(record, references, 0));
    })
    .map((record) => forget(deps, record));
  const reclaimedBytes = await deps.garbage.collect({ partials: true });
  deps.publisher.publish('prune:finished', { kind: 'images', reclaimedBytes });
  return { untagged: removed.flatMap(({ untagged }) => untagged), deleted: removed.flatMap(({ deleted }) => deleted), reclaimedBytes };
}

function untag({ imageStore, state, publisher }: RemoveImagesDeps, record: ImageRecord, references: readonly string[]): RemovedImages {
  state.transaction(
    () => {
      for (const reference of references) {
        imageStore.untag(reference);
        publisher.publish('image:untagged', { imageId: record.id, reference });
      }
    },
    { urgent: true },
  );
  return { untagged: references, deleted: [] };
}

function forget(deps: RemoveImagesDeps, record: ImageRecord): RemovedImages {
  const references = deps.imageStore.referencesOf(record.id);
  deps.state.transaction(
    () => {
      untag(deps, record, references);
      deps.imageStore.remove(record.id);
      deps.publisher.publish('image:removed', { imageId: record.id });
    },
    { urgent: true },
  );
  return { untagged: references, deleted: [record.id] };
}
