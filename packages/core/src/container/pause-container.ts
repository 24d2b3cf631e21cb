import { JockerError } from '../errors/jocker-error.ts';
import type { Operation } from '../operation/operation.ts';
import type { ContainerDeps } from './container-deps.ts';
import { subjectOf } from './container-subject.ts';
import { currentRecord } from './current-record.ts';
import { assertAlive } from './send-signal.ts';

export async function pauseContainer(deps: ContainerDeps, id: string, operation: Operation): Promise<void> {
  await deps.lock.run(id, async () => {
    const record = currentRecord(deps.store, id);
    assertAlive(record);
    if (record.status === 'paused') throw new JockerError('failed-precondition', `container ${record.name} is already paused`);
    const { plugin, value: runtime } = deps.drivers.runtimes.byName(record.runtime);
    await operation.stage('pause', plugin, (stage) => runtime.pause(id, stage));
    assertAlive(currentRecord(deps.store, id));
    deps.publisher.publish('container:paused', subjectOf(record), {
      operationId: operation.id,
      change: () => deps.store.change(id, { status: 'paused' }),
    });
  });
}

export async function unpauseContainer(deps: ContainerDeps, id: string, operation: Operation): Promise<void> {
  await deps.lock.run(id, async () => {
    const record = currentRecord(deps.store, id);
    if (record.status !== 'paused') throw new JockerError('failed-precondition', `container ${record.name} is not paused`);
    const { plugin, value: runtime } = deps.drivers.runtimes.byName(record.runtime);
    await operation.stage('unpause', plugin, (stage) => runtime.resume(id, stage));
    assertAlive(currentRecord(deps.store, id));
    deps.publisher.publish('container:unpaused', subjectOf(record), {
      operationId: operation.id,
      change: () => deps.store.change(id, { status: 'running' }),
    });
  });
}
