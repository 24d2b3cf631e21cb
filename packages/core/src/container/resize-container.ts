import type { ContainerDeps } from './container-deps.ts';
import { locationOf, subjectOf } from './container-subject.ts';
import type { TerminalSize } from './create-request.ts';
import { assertAlive } from './send-signal.ts';

export async function resizeContainer(deps: ContainerDeps, reference: string, size: TerminalSize): Promise<void> {
  const record = deps.store.find(reference);
  assertAlive(record);
  const runtime = deps.drivers.runtimes.byName(record.runtime).value;
  await runtime.resize(record.id, locationOf(deps, record), size, { signal: deps.closing, log: deps.log });
  deps.publisher.publish('container:resized', { ...subjectOf(record), columns: size.columns, rows: size.rows });
}
