import { JockerError } from '../errors/jocker-error.ts';
import type { Operation } from '../operation/operation.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';
import { isAlive } from './container-state.ts';
import { subjectOf } from './container-subject.ts';
import { stopTimeoutSecondsOf } from './container-view.ts';
import { currentRecord } from './current-record.ts';
import { sendSignal, sigkill } from './send-signal.ts';
import { signalNumber } from './signal-number.ts';
import { waitForExit } from './wait-for-exit.ts';

export interface StopOptions {
  readonly timeoutSeconds?: number;
  readonly stopSignal?: string;
}

/** After SIGKILL only the kernel can be slow. */
const killTimeoutMs = 30_000;

/** Nothing is locked while the process gets its time to end: kill, inspect and a second stop go on. */
export async function stopContainer(deps: ContainerDeps, id: string, operation: Operation, options: StopOptions = {}): Promise<void> {
  const stopped = await endProcess(deps, id, operation, options);
  deps.publisher.publish('container:stopped', subjectOf(stopped), { operationId: operation.id });
}

/** Without the event; `restart` uses it. `keep`: it is started again, so autoRemove waits. */
export async function endProcess(
  deps: ContainerDeps,
  id: string,
  operation: Operation,
  options: StopOptions,
  keep = false,
): Promise<ContainerRecord> {
  const stopSignal = options.stopSignal === undefined ? undefined : signalNumber(options.stopSignal);
  let timeoutMs = -1;
  const waiting = new AbortController();
  let exited: Promise<unknown> | undefined;
  try {
    await deps.lock.run(id, async () => {
      const record = currentRecord(deps.store, id);
      if (record.status === 'restarting') {
        endRestarting(deps, record);
        return;
      }
      if (!isAlive(record.status)) {
        throw new JockerError('failed-precondition', `container ${record.name} is not running, it is ${record.status}`, {
          details: { reason: 'not-modified' },
        });
      }
      timeoutMs = (options.timeoutSeconds ?? stopTimeoutSecondsOf(record)) * 1_000;
      exited = deps.waiters.wait(id, 'next-exit', AbortSignal.any([waiting.signal, deps.closing, operation.signal]));
      const run = deps.runs.get(id);
      if (keep && run !== undefined) run.keep = true;
      deps.state.transaction(() => deps.store.change(id, { stoppedByUser: true }));
      if (timeoutMs !== 0) await sendSignal(deps, record, stopSignal ?? signalNumber(record.stopSignal), operation);
    });
    if (exited !== undefined && (timeoutMs === 0 || !(await waitForExit(exited, timeoutMs)))) {
      await deps.lock.run(id, async () => {
        const record = deps.store.get(id);
        if (record !== undefined && isAlive(record.status)) await sendSignal(deps, record, sigkill, operation);
      });
      if (!(await waitForExit(exited, killTimeoutMs))) {
        throw new JockerError('deadline-exceeded', `container ${id.slice(0, 12)} did not end ${killTimeoutMs / 1000} s after SIGKILL`);
      }
    }
  } finally {
    waiting.abort();
    exited?.catch(() => undefined);
  }
  return currentRecord(deps.store, id);
}

/** Between two runs: the next one does not come. */
export function endRestarting(deps: ContainerDeps, record: ContainerRecord): void {
  deps.runs.cancelRestart(record.id);
  deps.state.transaction(() => deps.store.change(record.id, { status: 'exited', stoppedByUser: true }), { urgent: true });
  deps.waiters.exited(record.id, { exitCode: record.exitCode ?? 0 }, true);
}
