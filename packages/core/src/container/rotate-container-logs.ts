import { startLogRotation } from '../logs/rotate-log.ts';
import type { ContainerDeps } from './container-deps.ts';
import { isAlive } from './container-state.ts';
import { locationOf } from './container-subject.ts';

const intervalMs = 10_000;
/** The one that is written to, and two before it. */
const keptFiles = 3;

/** Bounds the logs of containers that run. */
export function startContainerLogRotation(deps: ContainerDeps, limitBytes: number): Disposable {
  return startLogRotation({
    intervalMs,
    limitBytes,
    keep: keptFiles,
    logs: () =>
      deps.store
        .list()
        .filter(({ status }) => isAlive(status))
        .map((record) => ({
          path: deps.paths.log(record.id),
          reopen: () => deps.drivers.runtimes.byName(record.runtime).value.reopenLog(record.id, locationOf(deps, record)),
        })),
    onError: (error) => deps.log.warn('a log could not be rotated', { error: String(error) }),
  });
}
