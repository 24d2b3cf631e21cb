import type { ContainerDeps } from './container-deps.ts';
import { isAlive } from './container-state.ts';
import type { ContainerExit, WaitCondition } from './exit-waiters.ts';

export async function waitContainer(
  deps: ContainerDeps,
  reference: string,
  condition: WaitCondition = 'not-running',
  signal?: AbortSignal,
): Promise<ContainerExit> {
  const record = deps.store.find(reference);
  if (condition === 'not-running' && !isAlive(record.status) && record.status !== 'restarting') {
    return { exitCode: record.exitCode ?? 0, ...(record.error === '' ? {} : { error: record.error }) };
  }
  return await deps.waiters.wait(record.id, condition, signal === undefined ? deps.closing : AbortSignal.any([signal, deps.closing]));
}
