import type { ContainerApi } from '../engine/engine.ts';
import type { EventSubscriber } from '../events/lifecycle-events.ts';
import type { Digest } from '../oci/digest.ts';
import type { Operations } from '../operation/operations.ts';
import { readStats } from '../stats/read-stats.ts';
import { createStatsSampler } from '../stats/stats-sampler.ts';
import { top } from '../stats/top.ts';
import { attachContainer } from './attach-container.ts';
import type { ContainerDeps } from './container-deps.ts';
import { containerLogs } from './container-logs.ts';
import { subjectOf } from './container-subject.ts';
import { createContainerVerbs, type ContainerVerbs } from './container-verbs.ts';
import { toContainerDetails } from './container-view.ts';
import { resizeContainer } from './resize-container.ts';
import { assertAlive } from './send-signal.ts';

export interface ContainerApiDeps {
  readonly deps: ContainerDeps;
  readonly operations: Operations;
  readonly events: EventSubscriber;
  readonly execIdsOf: (containerId: string) => Promise<readonly string[]>;
  /** Bytes of an image's layers; 0 when it is gone. */
  readonly imageBytes: (imageId: Digest) => number;
}

type Seen = 'inspect' | 'size' | 'logs' | 'attach' | 'resize' | 'top' | 'stats' | 'followStats';

/** The life of containers, and what can be seen of them without going into their files. */
export function createContainerApi({
  deps,
  operations,
  events,
  execIdsOf,
  imageBytes,
}: ContainerApiDeps): ContainerVerbs & Pick<ContainerApi, Seen> {
  const sampler = createStatsSampler({ read: async (id) => readStats(deps.store.find(id)) });
  events.on('container:removed', ({ containerId }) => sampler.forget(containerId));
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
    async top(id, psArgs) {
      const record = deps.store.find(id);
      assertAlive(record);
      const table = await top(record, psArgs);
      deps.publisher.publish('container:top', subjectOf(record));
      return table;
    },
    stats: async (id) => sampler.sample(deps.store.find(id).id),
    followStats: (id, options) => sampler.follow(deps.store.find(id).id, options),
  };
}
