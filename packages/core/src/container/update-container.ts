import type { Operation } from '../operation/operation.ts';
import { toOciResources } from '../spec/oci-resources.ts';
import type { ContainerDeps } from './container-deps.ts';
import { isAlive } from './container-state.ts';
import { subjectOf } from './container-subject.ts';
import type { ResourceLimits, RestartPolicy } from './create-request.ts';
import { currentRecord } from './current-record.ts';

export interface ContainerChange {
  readonly resources?: ResourceLimits;
  readonly restartPolicy?: RestartPolicy;
}

/** Limits change at once in a running container, and in its spec for the next start. What is absent stays. */
export async function updateContainer(deps: ContainerDeps, id: string, change: ContainerChange, operation: Operation): Promise<void> {
  await deps.lock.run(id, async () => {
    const record = currentRecord(deps.store, id);
    const resources = { ...record.resources, ...change.resources };
    const restartPolicy = change.restartPolicy ?? record.restartPolicy;
    const { spec } = deps.store.spec(id);
    const converted = await toOciResources(resources, deps.host);
    if (change.resources !== undefined && isAlive(record.status)) {
      const { plugin, value: runtime } = deps.drivers.runtimes.byName(record.runtime);
      await operation.stage('update', plugin, (stage) => runtime.update(id, converted, stage));
    }
    deps.publisher.publish('container:updated', subjectOf(record), {
      operationId: operation.id,
      change: () => {
        deps.store.change(id, { resources, restartPolicy });
        if (change.resources === undefined) return;
        deps.store.replaceSpec(id, { ...spec, linux: { ...spec.linux, resources: { ...spec.linux.resources, ...converted } } });
      },
    });
  });
}
