import type { ContainerApi } from '../engine/engine.ts';
import type { ImageArchives } from '../image/image-archives.ts';
import { imageView } from '../image/image-record.ts';
import type { ImageStore } from '../image/image-store.ts';
import type { Operations } from '../operation/operations.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerFiles } from './files/create-container-files.ts';
import { subjectOf } from './container-subject.ts';
import { runConfigOf } from './run-config.ts';

export interface CommitDeps {
  readonly deps: ContainerDeps;
  readonly operations: Operations;
  readonly files: Pick<ContainerFiles, 'changesLayer'>;
  readonly archives: Pick<ImageArchives, 'commit'>;
  readonly imageStore: ImageStore;
}

/** What a container wrote, as a new image on top of its own. It is paused meanwhile unless told otherwise. */
export function createCommit({ deps, operations, files, archives, imageStore }: CommitDeps): ContainerApi['commit'] {
  return async (id, options = {}) => {
    const record = deps.store.find(id);
    const subject = subjectOf(record);
    return await operations.run(
      { verb: 'container.commit', subject: record.name, client: options.client, signal: options.signal, containerId: record.id },
      async (operation) => {
        const runtime = deps.drivers.runtimes.byName(record.runtime).value;
        const pauses = record.status === 'running' && options.pause !== false;
        if (pauses) await runtime.pause(record.id, operation);
        try {
          const changesLayer = await files.changesLayer(record.id, { signal: operation.signal });
          const image = await archives.commit(
            {
              imageId: record.imageId,
              changesLayer,
              command: deps.store.spec(record.id).spec.process.args.join(' '),
              config: runConfigOf(record),
            },
            options,
            operation,
          );
          const reference = options.reference === undefined ? null : (imageStore.referencesOf(image.id).at(-1) ?? null);
          deps.publisher.publish(
            'container:committed',
            { ...subject, imageId: image.id, reference, view: imageView(image, imageStore.referencesOf(image.id), 0) },
            { operationId: operation.id },
          );
          return { imageId: image.id };
        } finally {
          if (pauses) await runtime.resume(record.id, operation);
        }
      },
    );
  };
}
