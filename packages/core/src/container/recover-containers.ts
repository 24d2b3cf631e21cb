import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isJockerError } from '../errors/jocker-error.ts';
import { healthPlanOf } from '../health/health-plan.ts';
import { firstHealth } from '../health/next-health.ts';
import type { Operations } from '../operation/operations.ts';
import type { RuntimeStatus } from '../runtime/runtime-backend.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';
import { isAlive } from './container-state.ts';
import { locationOf, subjectOf } from './container-subject.ts';
import { removeContainer } from './remove-container.ts';
import { removeOrphans, undoIntents } from './remove-orphans.ts';
import { settleInFlight } from './settle-in-flight.ts';
import { startsWithEngine } from './restart-policy.ts';
import { releaseRuntime, watchExit } from './watch-exit.ts';

/**
 * Brings records and reality together after an engine that ended in whatever way: half-made things go, half-removed ones
 * are finished, running containers are watched again, exits that nobody saw are told. One container's trouble does not keep
 * the engine from starting.
 */
export async function recoverContainers(deps: ContainerDeps, operations: Operations): Promise<void> {
  await undoIntents(deps);
  await settleInFlight(deps);
  const records = deps.store.list();
  const known = await knownToRuntimes(deps);
  await Promise.all(
    records.map(async (record) => {
      try {
        await recover(deps, record, known.get(record.runtime)?.has(record.id) ?? false, operations);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        deps.log.error('a container could not be recovered', { container: record.name, error: message });
        deps.publisher.publish('engine:warned', { what: `container ${record.name}`, message });
      }
    }),
  );
  await removeOrphans(deps, known);
  await releaseUnused(deps);
  for (const { id, status, restartPolicy, stoppedByUser } of deps.store.list()) {
    // An exit that was recorded just now has its own timer.
    const waits = status === 'restarting' && deps.runs.lastDelayMs(id) === 0;
    if (waits || (status === 'exited' && startsWithEngine(restartPolicy, stoppedByUser))) deps.automatic.start(id);
  }
}

/** Of containers whose start did not come to an end. */
async function releaseUnused(deps: ContainerDeps): Promise<void> {
  for (const { id, status, endpoints } of deps.store.list()) {
    if (isAlive(status) || endpoints.length === 0) continue;
    await deps.networks.release(endpoints);
    deps.state.transaction(() => deps.store.change(id, { endpoints: [] }));
  }
}

async function knownToRuntimes(deps: ContainerDeps): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const runtimes = await deps.drivers.runtimes.usable();
  return new Map(await Promise.all(runtimes.map(async ({ value }) => [value.name, new Set(await value.list())] as const)));
}

async function recover(deps: ContainerDeps, record: ContainerRecord, isInRuntime: boolean, operations: Operations): Promise<void> {
  const { id, status } = record;
  if (status === 'removing') {
    await operations.run(
      { verb: 'container.remove', subject: record.name, containerId: id, client: 'recovery', urgent: true },
      (operation) => removeContainer(deps, id, operation),
    );
  } else if (isAlive(status)) await watchAgain(deps, record);
  else if (isInRuntime) await finishStart(deps, record);
}

/** Resolves when it runs and is watched, or when its exit is recorded. */
async function watchAgain(deps: ContainerDeps, record: ContainerRecord): Promise<void> {
  const actual = await runtimeStatus(deps, record);
  const startedAtMs = Date.parse(record.startedAt ?? record.createdAt);
  if (actual !== 'running' && actual !== 'paused') {
    await watchExit(deps, record, startedAtMs);
    return;
  }
  if (actual !== record.status) {
    const change = (): void => void deps.store.change(record.id, { status: actual });
    deps.publisher.publish(actual === 'paused' ? 'container:paused' : 'container:unpaused', subjectOf(record), { change });
  }
  void watchExit(deps, record, startedAtMs);
}

/** The engine ended between the runtime's work and the record of it: a process that runs or ran was started, else it never was. */
async function finishStart(deps: ContainerDeps, record: ContainerRecord): Promise<void> {
  const actual = await runtimeStatus(deps, record);
  const startedAt = await stat(join(deps.paths.bundle(record.id), 'config.json')).then(
    ({ mtime }) => mtime,
    () => undefined,
  );
  // An exit that is recorded already, whose traces the engine did not get to remove.
  const isOld = startedAt === undefined || (record.startedAt !== null && startedAt.getTime() <= Date.parse(record.startedAt));
  if (isOld || actual === undefined || actual === 'created' || actual === 'creating') {
    await releaseRuntime(deps, record);
    return;
  }
  const health = healthPlanOf(record) === undefined ? null : firstHealth;
  const runtime = deps.drivers.runtimes.byName(record.runtime).value;
  const { pid } = await runtime.state(record.id, locationOf(deps, record), { signal: deps.closing, log: deps.log });
  deps.publisher.publish(
    'container:started',
    {
      ...subjectOf(record),
      pid,
      startedAt: startedAt.toISOString(),
      networks: record.networks,
      endpoints: record.endpoints,
      health: health?.status ?? null,
      durationMs: 0,
    },
    {
      change: () =>
        deps.store.change(record.id, {
          status: 'running',
          pid,
          startedAt: startedAt.toISOString(),
          exitCode: null,
          oomKilled: false,
          health,
          error: '',
          stoppedByUser: false,
        }),
    },
  );
  await watchAgain(deps, { ...record, status: 'running', startedAt: startedAt.toISOString() });
}

/** Undefined when the runtime knows nothing of it: the machine was started anew. */
async function runtimeStatus(deps: ContainerDeps, record: ContainerRecord): Promise<RuntimeStatus | undefined> {
  const runtime = deps.drivers.runtimes.byName(record.runtime).value;
  try {
    return (await runtime.state(record.id, locationOf(deps, record), { signal: deps.closing, log: deps.log })).status;
  } catch (error) {
    if (isJockerError(error, 'not-found')) return undefined;
    throw error;
  }
}
