import type { ContainerSubject } from '../events/lifecycle-events.ts';
import type { BundleLocation } from '../runtime/runtime-backend.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';

/** What every event of a container carries. */
export function subjectOf({ id, name, image, labels }: ContainerRecord): ContainerSubject {
  return { containerId: id, name, image, labels };
}

/** How the runtime finds what is left of a container's bundle. */
export function locationOf(deps: Pick<ContainerDeps, 'paths'>, { id, request }: Pick<ContainerRecord, 'id' | 'request'>): BundleLocation {
  return {
    directory: deps.paths.bundle(id),
    tty: request.tty ?? false,
    openStdin: request.openStdin ?? false,
    stdinOnce: request.stdinOnce ?? false,
  };
}
