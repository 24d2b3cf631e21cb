import type { ContainerApi, ContainerFileApi } from '../engine/engine.ts';
import type { ContainerSubject } from '../events/lifecycle-events.ts';
import type { ContainerDeps } from './container-deps.ts';
import { subjectOf } from './container-subject.ts';
import { createContainerFiles, type ContainerFiles } from './files/create-container-files.ts';
import { openContainerRoot } from './open-container-root.ts';

export interface FileApi extends Pick<ContainerApi, 'changes' | 'export'>, AsyncDisposable {
  readonly files: ContainerFileApi;
  /** For commit. */
  readonly changesLayer: ContainerFiles['changesLayer'];
}

/** A container's files, with the events of what left it or came into it. */
export function createFileApi(deps: ContainerDeps): FileApi {
  const files = createContainerFiles({ openRoot: (id, access) => openContainerRoot(deps, id, access) });
  const subject = (id: string): ContainerSubject => subjectOf(deps.store.find(id));
  return {
    files: {
      ...files,
      async readArchive(id, path, options) {
        const result = await files.readArchive(id, path, options);
        deps.publisher.publish('container:archive-read', { ...subject(id), path });
        return result;
      },
      async writeArchive(id, path, archive, options) {
        await files.writeArchive(id, path, archive, options);
        deps.publisher.publish('container:archive-written', { ...subject(id), path });
      },
    },
    changes: (id) => files.changes(id),
    async export(id, options) {
      const archive = await files.export(id, options);
      deps.publisher.publish('container:exported', subject(id));
      return archive;
    },
    changesLayer: (id, options) => files.changesLayer(id, options),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}
