import { logLimitsOf, type LogLimits } from '../logs/log-limits.ts';
import { startLogRotation } from '../logs/rotate-log.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';
import { isAlive } from './container-state.ts';
import { locationOf } from './container-subject.ts';

/** A log that grows fast outgrows its limit by what is written in this time. */
const intervalMs = 1_000;
/** The one that is written to, and two before it. */
const keptFiles = 3;

/** Bounds the logs of containers that run. */
export function startContainerLogRotation(deps: ContainerDeps, limitBytes: number): Disposable {
  return startLogRotation({
    intervalMs,
    logs: () =>
      deps.store
        .list()
        .filter(({ status, request }) => isAlive(status) && request.logging?.driver !== 'none')
        .map((record) => ({
          path: deps.paths.log(record.id),
          ...limitsOf(record, limitBytes),
          reopen: () => deps.drivers.runtimes.byName(record.runtime).value.reopenLog(record.id, locationOf(deps, record)),
        })),
    onError: (error) => deps.log.warn('a log could not be rotated', { error: String(error) }),
  });
}

function limitsOf({ request: { logging } }: ContainerRecord, limitBytes: number): LogLimits {
  const engine = { limitBytes, keep: keptFiles };
  try {
    return logging === undefined ? engine : logLimitsOf(logging, engine);
  } catch {
    // Recorded by a version that did not look at the options.
    return engine;
  }
}
