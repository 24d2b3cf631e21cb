import { isJockerError } from '../errors/jocker-error.ts';
import type { ContainerView } from '../engine/engine.ts';
import type { Operation } from '../operation/operation.ts';
import type { ContainerDeps } from './container-deps.ts';
import { toContainerView } from './container-view.ts';
import { removeContainer } from './remove-container.ts';

/** Removes what does not run and passes the filter. One that was started or removed meanwhile is left alone. */
export async function pruneContainers(
  deps: ContainerDeps,
  filter: (container: ContainerView) => boolean,
  operation: Operation,
): Promise<{ readonly removed: readonly string[]; readonly reclaimedBytes: number }> {
  const removed: string[] = [];
  let reclaimedBytes = 0;
  for (const record of deps.store.list()) {
    if (!['created', 'exited', 'dead'].includes(record.status) || !filter(toContainerView(record))) continue;
    operation.signal.throwIfAborted();
    const bytes = await deps.drivers.snapshotters
      .byName(record.snapshotter)
      .value.usage(record.id)
      .catch(() => 0);
    try {
      await removeContainer(deps, record.id, operation);
    } catch (error) {
      if (isJockerError(error, 'failed-precondition') || isJockerError(error, 'not-found')) continue;
      throw error;
    }
    removed.push(record.id);
    reclaimedBytes += bytes;
  }
  deps.publisher.publish('prune:finished', { kind: 'containers', reclaimedBytes }, { operationId: operation.id });
  return { removed, reclaimedBytes };
}
