import { rm } from 'node:fs/promises';
import type { ExitStatus } from '../runtime/runtime-backend.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerRun } from './container-runs.ts';
import { isAlive } from './container-state.ts';
import { locationOf, subjectOf } from './container-subject.ts';
import { restartDelayMs } from './restart-policy.ts';

/**
 * Waits for the end of a container that runs, and records it. Called after its start was recorded, so that the exit comes
 * second even for a process that ended at once. Resolves when the exit is recorded or the engine closes; never rejects.
 */
export async function watchExit(deps: ContainerDeps, record: ContainerRecord, startedAtMs: number): Promise<void> {
  const { id } = record;
  const run = deps.runs.begin(id, startedAtMs);
  const runtime = deps.drivers.runtimes.byName(record.runtime).value;
  const context = { signal: deps.closing, log: deps.log };
  const lost = (error: unknown): ExitStatus => {
    if (!deps.closing.aborted) deps.log.error('the exit of a container is unknown', { container: record.name, error: String(error) });
    return { exitCode: 255, oomKilled: false, finishedAt: new Date().toISOString(), unknown: true };
  };
  try {
    const status = await runtime.exit(id, locationOf(deps, record), context).catch(lost);
    if (!deps.closing.aborted) recordExit(deps, id, run, status);
  } catch (error) {
    // Not lost: the monitor's file has it, and the next start of the engine reads it.
    deps.log.error('the exit of a container could not be recorded', { container: record.name, error: String(error) });
  }
}

/** Synchronous: nothing comes between the end of a process and its record. */
function recordExit(deps: ContainerDeps, id: string, run: ContainerRun, status: ExitStatus): void {
  const before = deps.store.get(id);
  if (before === undefined || !isAlive(before.status)) return;
  const ranMs = Math.max(0, Date.parse(status.finishedAt) - run.startedAtMs);
  const { exitCode, oomKilled, finishedAt } = status;
  const delayMs = run.keep
    ? undefined
    : restartDelayMs(before.restartPolicy, {
        exitCode,
        ranMs,
        stoppedByUser: before.stoppedByUser,
        restartCount: before.restartCount,
        lastDelayMs: deps.runs.lastDelayMs(id),
      });
  const subject = subjectOf(before);
  const error = status.unknown === true ? 'the exit code was lost: the monitor of the container is gone' : '';
  deps.state.transaction(
    () => {
      deps.store.change(id, {
        status: delayMs === undefined ? 'exited' : 'restarting',
        pid: 0,
        endpoints: [],
        exitCode,
        oomKilled,
        finishedAt,
        error,
        restartCount: before.restartCount + (delayMs === undefined ? 0 : 1),
      });
      if (oomKilled) deps.publisher.publish('container:oom', subject);
      const { networks, endpoints } = before;
      deps.publisher.publish('container:exited', { ...subject, exitCode, oomKilled, durationMs: ranMs, finishedAt, networks, endpoints });
    },
    { urgent: true },
  );
  run.released = releaseRun(deps, before, run);
  deps.waiters.exited(id, { exitCode, ...(error === '' ? {} : { error }) }, delayMs === undefined);
  if (delayMs !== undefined) deps.runs.scheduleRestart(id, delayMs, () => deps.automatic.start(id));
  else if (before.request.autoRemove === true && !run.keep) deps.automatic.remove(id);
}

/** What the runtime and the bundle keep of an ended run. Whatever stays for an error is tried again before the next start. */
async function releaseRun(deps: ContainerDeps, record: ContainerRecord, run: ContainerRun): Promise<void> {
  try {
    await Promise.all([releaseRuntime(deps, record), deps.networks.release(record.endpoints)]);
    await deps.volumes.unmount(record);
    deps.runs.end(record.id, run);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    deps.log.warn('an ended container left traces in its runtime', { container: record.name, error: message });
  }
}

/** Idempotent. With `force`, since the runtime may not have noticed yet that the process has gone. */
export async function releaseRuntime(deps: ContainerDeps, record: ContainerRecord): Promise<void> {
  const runtime = deps.drivers.runtimes.byName(record.runtime).value;
  const context = { signal: new AbortController().signal, log: deps.log };
  await runtime.delete(record.id, locationOf(deps, record), { force: true }, context);
  await rm(deps.paths.bundle(record.id), { recursive: true, force: true });
}
