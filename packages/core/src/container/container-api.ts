import type { ContainerApi } from '../engine/engine.ts';
import type { EventSubscriber } from '../events/lifecycle-events.ts';
import type { Operations } from '../operation/operations.ts';
import { attachContainer } from './attach-container.ts';
import type { ContainerDeps } from './container-deps.ts';
import { containerLogs } from './container-logs.ts';
import { createContainerVerbs, type ContainerVerbs } from './container-verbs.ts';
import { toContainerDetails } from './container-view.ts';
import { resizeContainer } from './resize-container.ts';

export interface ContainerApiDeps {
  readonly deps: ContainerDeps;
  readonly operations: Operations;
  readonly events: EventSubscriber;
  readonly execIdsOf: (containerId: string) => Promise<readonly string[]>;
  /** Bytes of an image's layers; 0 when it is gone. */
  readonly imageBytes: (imageId: string) => number;
}

/** The life of containers, and what can be seen of them without going into their files. */
export function createContainerApi({
  deps,
  operations,
  events,
  execIdsOf,
  imageBytes,
}: ContainerApiDeps): ContainerVerbs & Pick<ContainerApi, 'inspect' | 'size' | 'logs' | 'attach' | 'resize'> {
  return {
    ...createContainerVerbs(deps, operations),
    async inspect(id) {
      const record = deps.store.find(id);
      return toContainerDetails(record, deps.store.spec(record.id).spec, deps.paths, await execIdsOf(record.id));
    },
    async size(id) {
      const record = deps.store.find(id);
      const writableBytes = await deps.drivers.snapshotters.byName(record.snapshotter).value.usage(record.id);
      return { writableBytes, rootBytes: writableBytes + imageBytes(record.imageId) };
    },
    logs: (id, options) => containerLogs(deps, events, id, options),
    attach: async (id, options) => attachContainer(deps, id, options),
    resize: async (id, size) => resizeContainer(deps, id, size),
  };
}
