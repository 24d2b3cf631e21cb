import { JockerError } from '../errors/jocker-error.ts';
import type { ContainerDeps } from './container-deps.ts';
import { assertContainerName } from './container-name.ts';
import { subjectOf } from './container-subject.ts';
import { currentRecord } from './current-record.ts';

export async function renameContainer(deps: ContainerDeps, id: string, newName: string): Promise<void> {
  const name = assertContainerName(newName);
  await deps.lock.run(id, async () => {
    const record = currentRecord(deps.store, id);
    if (record.name === name) throw new JockerError('invalid-argument', `container ${name} has that name already`);
    if (record.status === 'removing' || record.status === 'dead') {
      throw new JockerError('failed-precondition', `container ${record.name} is ${record.status}`);
    }
    using _reservation = deps.store.reserveName(name, id);
    deps.publisher.publish(
      'container:renamed',
      { ...subjectOf(record), name, oldName: record.name },
      { change: () => deps.store.rename(id, name) },
    );
    await deps.networks.rename(currentRecord(deps.store, id));
  });
}
