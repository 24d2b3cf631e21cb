import { rm } from 'node:fs/promises';
import { JockerError } from '../errors/jocker-error.ts';
import type { Operation, Stage } from '../operation/operation.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';
import { isAlive } from './container-state.ts';
import { subjectOf } from './container-subject.ts';
import { currentRecord } from './current-record.ts';
import { sendSignal, sigkill } from './send-signal.ts';
import { endRestarting } from './stop-container.ts';
import { waitForExit } from './wait-for-exit.ts';
import { releaseRuntime } from './watch-exit.ts';

const killTimeoutMs = 10_000;

/** A running one only with `force`. Data goes first and the record last: a removal that was cut off is finished later. */
export async function removeContainer(
  deps: ContainerDeps,
  id: string,
  operation: Operation,
  options: { readonly force?: boolean; readonly volumes?: boolean } = {},
): Promise<void> {
  await deps.lock.run(id, async () => {
    const record = currentRecord(deps.store, id);
    const busy = isAlive(record.status) || record.status === 'restarting';
    if (busy && options.force !== true) {
      throw new JockerError('failed-precondition', `container ${record.name} is ${record.status}: stop it before, or force the removal`, {
        details: { reason: 'in-use' },
      });
    }
    if (isAlive(record.status)) await endAtOnce(deps, record, operation);
    else if (busy) endRestarting(deps, record);
    if (currentRecord(deps.store, id).status !== 'removing')
      deps.state.transaction(() => deps.store.change(id, { status: 'removing' }), { urgent: true });
    await deps.checkpoint?.('remove:marked');
    try {
      await removeData(deps, record, operation);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      deps.state.transaction(() => deps.store.change(id, { status: 'dead', error: message }), { urgent: true });
      throw error;
    }
    await deps.checkpoint?.('remove:data-removed');
    const { exitCode, error } = currentRecord(deps.store, id);
    deps.publisher.publish('container:removed', subjectOf(record), {
      operationId: operation.id,
      urgent: true,
      change: () => deps.store.remove(id),
    });
    if (options.volumes === true || record.request.autoRemove === true) await removeVolumes(deps, record, operation);
    deps.runs.forget(id);
    deps.pendingAttaches.end(id);
    await deps.state.restoreReserve();
    deps.waiters.removed(id, { exitCode: exitCode ?? 0, ...(error === '' ? {} : { error }) });
  });
}

/** The container is gone whatever comes of its volumes: what stays is found by a prune. */
async function removeVolumes(deps: ContainerDeps, record: ContainerRecord, operation: Operation): Promise<void> {
  const names = record.mounts.flatMap(({ volume }) => volume ?? []);
  await deps.volumes
    .removeAnonymous(names, operation)
    .catch((error: unknown) => deps.log.warn('a volume of a removed container stays', { container: record.name, error: String(error) }));
}

async function endAtOnce(deps: ContainerDeps, record: ContainerRecord, operation: Operation): Promise<void> {
  const run = deps.runs.get(record.id);
  if (run !== undefined) run.keep = true;
  const exited = deps.waiters.wait(record.id, 'next-exit', AbortSignal.any([deps.closing, operation.signal]));
  exited.catch(() => undefined);
  deps.state.transaction(() => deps.store.change(record.id, { stoppedByUser: true }), { urgent: true });
  await sendSignal(deps, record, sigkill, operation);
  if (await waitForExit(exited, killTimeoutMs)) return;
  throw new JockerError('deadline-exceeded', `container ${record.name} did not end ${killTimeoutMs / 1000} s after SIGKILL`);
}

/** What exists outside of the database. Every step may have been done before. */
async function removeData(deps: ContainerDeps, record: ContainerRecord, stages: Pick<Stage, 'stage'>): Promise<void> {
  const { id } = record;
  await deps.runs.get(id)?.released;
  await releaseRuntime(deps, record);
  await deps.checkpoint?.('remove:runtime');
  const { plugin, value: snapshotter } = deps.drivers.snapshotters.byName(record.snapshotter);
  await stages.stage('remove', plugin, () => snapshotter.remove(id));
  await deps.checkpoint?.('remove:snapshot');
  await rm(deps.paths.state(id), { recursive: true, force: true });
}
