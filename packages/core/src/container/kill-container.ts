import { JockerError } from '../errors/jocker-error.ts';
import type { Operation } from '../operation/operation.ts';
import type { ContainerDeps } from './container-deps.ts';
import { currentRecord } from './current-record.ts';
import { assertAlive, sendSignal, sigkill } from './send-signal.ts';
import { signalNumber } from './signal-number.ts';
import { waitForExit } from './wait-for-exit.ts';

const killTimeoutMs = 10_000;

/** After SIGKILL resolves when the container has ended. A signal that is meant to end it also ends its restart policy. */
export async function killContainer(deps: ContainerDeps, id: string, signal: string | number, operation: Operation): Promise<void> {
  const number = signalNumber(signal);
  const waiting = new AbortController();
  let exited: Promise<unknown> | undefined;
  try {
    await deps.lock.run(id, async () => {
      const record = currentRecord(deps.store, id);
      assertAlive(record);
      if (number === sigkill)
        exited = deps.waiters.wait(id, 'next-exit', AbortSignal.any([waiting.signal, deps.closing, operation.signal]));
      if (number === sigkill || number === signalNumber(record.stopSignal)) {
        deps.state.transaction(() => deps.store.change(id, { stoppedByUser: true }));
      }
      await sendSignal(deps, record, number, operation);
    });
    if (exited !== undefined && !(await waitForExit(exited, killTimeoutMs))) {
      throw new JockerError('deadline-exceeded', `container ${id.slice(0, 12)} did not end ${killTimeoutMs / 1000} s after SIGKILL`);
    }
  } finally {
    waiting.abort();
    exited?.catch(() => undefined);
  }
}
