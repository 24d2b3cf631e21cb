import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { Operation } from '../operation/operation.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';
import { isAlive } from './container-state.ts';
import { locationOf, subjectOf } from './container-subject.ts';

export const sigkill = 9;

/** Throws `failed-precondition` with reason `not-running` for a container without a process. */
export function assertAlive({ name, status }: ContainerRecord): void {
  if (isAlive(status)) return;
  throw new JockerError('failed-precondition', `container ${name} is not running, it is ${status}`, { details: { reason: 'not-running' } });
}

/**
 * To the main process, on a user's behalf. A paused container is let go on, or the signal would wait in it. That the process
 * has ended meanwhile is no error: the exit is on its way.
 */
export async function sendSignal(deps: ContainerDeps, record: ContainerRecord, signal: number, operation: Operation): Promise<void> {
  const runtime = deps.drivers.runtimes.byName(record.runtime).value;
  try {
    await runtime.kill(record.id, signal, locationOf(deps, record), operation);
  } catch (error) {
    if (!isJockerError(error, 'failed-precondition') && !isJockerError(error, 'not-found')) throw error;
  }
  deps.publisher.publish('container:signalled', { ...subjectOf(record), signal }, { operationId: operation.id, urgent: true });
  if (deps.store.get(record.id)?.status !== 'paused') return;
  await runtime.resume(record.id, operation);
  if (deps.store.get(record.id)?.status !== 'paused') return;
  deps.publisher.publish('container:unpaused', subjectOf(record), {
    operationId: operation.id,
    change: () => deps.store.change(record.id, { status: 'running' }),
  });
}
