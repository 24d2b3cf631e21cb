import type { ContentStore } from '../content/content-store.ts';
import type { ImageApi } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { Digest } from '../oci/digest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import type { Operations } from '../operation/operations.ts';
import type { Driver } from '../plugin/drivers.ts';
import { repositoryOf } from '../reference/parse-reference.ts';
import { findAccepting } from './find-accepting.ts';
import type { ImageDestination } from './image-destination.ts';
import type { ImageGarbage } from './image-garbage.ts';
import type { ImageService } from './image-service.ts';
import type { ImageStore } from './image-store.ts';

export interface PushDeps {
  readonly contentStore: ContentStore;
  readonly imageStore: ImageStore;
  readonly garbage: ImageGarbage;
  readonly destinations: () => readonly Driver<ImageDestination>[];
  readonly operations: Operations;
  readonly publisher: EventPublisher;
  readonly service: Pick<ImageService, 'parse'>;
}

export function createPush(deps: PushDeps): ImageApi['push'] {
  return async (text, options = {}) => {
    const reference = deps.service.parse(text);
    const record = deps.imageStore.byReference(reference.text);
    if (record === undefined) {
      throw new JockerError('not-found', `no such image: ${text}; tag one with this name first`, {
        details: { reason: 'no-such-image', reference: text },
      });
    }
    const destination = await findAccepting(deps.destinations(), reference);
    if (destination === undefined) throw new JockerError('unsupported', `"${reference.text}" cannot be pushed: it names no registry`);
    return await deps.operations.run(
      { verb: 'image.push', subject: reference.text, client: options.client, signal: options.signal },
      async (operation) => {
        using _lease = await deps.garbage.lease();
        await operation.stage('push', destination.plugin, async ({ signal, log }) => {
          await destination.value.push(
            {
              reference,
              manifest: record.manifest,
              config: { mediaType: mediaTypes.ociConfig, digest: record.id, size: record.configSizeBytes },
              layers: record.layers,
              knownRepositories: record.repoDigests.map((each) => each.replace(/@.*$/, '')),
              read: async (blob) => await deps.contentStore.read(blob.digest),
            },
            {
              signal,
              log,
              onProgress: options.onProgress ?? (() => undefined),
              ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
            },
          );
        });
        if (reference.kind === 'registry')
          rememberWhere(deps.imageStore, record.id, `${repositoryOf(reference)}@${record.manifest.digest}`);
        deps.publisher.publish(
          'image:pushed',
          { reference: reference.text, manifest: record.manifest.digest },
          { operationId: operation.id },
        );
        return { manifest: record.manifest.digest, sizeBytes: record.manifest.size };
      },
    );
  };
}

/** The repository has its blobs now: the next push to another one of that registry need not send them. */
function rememberWhere(imageStore: ImageStore, id: Digest, repoDigest: string): void {
  const record = imageStore.get(id);
  if (record === undefined || record.repoDigests.includes(repoDigest)) return;
  imageStore.put({ ...record, repoDigests: [...record.repoDigests, repoDigest] });
}
