import type { Operation } from '../operation/operation.ts';
import type { ContainerDeps } from './container-deps.ts';
import { isAlive } from './container-state.ts';
import { subjectOf } from './container-subject.ts';
import { currentRecord } from './current-record.ts';
import { startContainer } from './start-container.ts';
import { endProcess, type StopOptions } from './stop-container.ts';

/** Stops a running container and starts it; one that does not run is only started. */
export async function restartContainer(deps: ContainerDeps, id: string, operation: Operation, options: StopOptions = {}): Promise<void> {
  const { status } = currentRecord(deps.store, id);
  if (isAlive(status) || status === 'restarting') await endProcess(deps, id, operation, options, true);
  await startContainer(deps, id, operation);
  deps.publisher.publish('container:restarted', subjectOf(currentRecord(deps.store, id)), { operationId: operation.id });
}
