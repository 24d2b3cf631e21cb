import type { LogEntry, LogOptions } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { EventSubscriber } from '../events/lifecycle-events.ts';
import { readLog } from '../logs/read-log.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';
import { isAlive } from './container-state.ts';

/**
 * Entries of a container's log. `follow` goes on over restarts by the policy and ends with the last exit; with `byName` it
 * goes on with the next container of that name, until the signal.
 */
export async function* containerLogs(
  deps: ContainerDeps,
  events: EventSubscriber,
  reference: string,
  options: LogOptions = {},
): AsyncGenerator<LogEntry, void, undefined> {
  const { follow = false, byName = false, signal, ...filters } = options;
  let record = deps.store.find(reference);
  const { name } = record;
  if (record.request.logging?.driver === 'none') throw new JockerError('unsupported', 'configured logging driver does not support reading');
  let { after, tail } = filters;
  for (;;) {
    const limits = { ...(after === undefined ? {} : { after }), ...(tail === undefined ? {} : { tail }) };
    const { since, until, stdout, stderr } = filters;
    yield* readLog({
      containerId: record.id,
      path: deps.paths.log(record.id),
      ...limits,
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(stdout === undefined ? {} : { stdout }),
      ...(stderr === undefined ? {} : { stderr }),
      ...(signal === undefined ? {} : { signal }),
      ...(follow ? { followUntil: endOf(deps, record, byName, signal) } : {}),
    });
    if (!follow || !byName || signal?.aborted === true) return;
    const next = await nextOfName(deps, events, name, record.id, signal);
    if (next === undefined) return;
    record = next;
    // A container's first line is new to whoever followed its predecessor.
    after = undefined;
    tail = undefined;
  }
}

/** Of one container: by name a stopped one may be started again, so only its removal ends it. */
async function endOf(
  deps: ContainerDeps,
  { id, status }: ContainerRecord,
  byName: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const active = isAlive(status) || status === 'restarting' || status === 'created';
  if (!byName && !active) return;
  const condition = byName ? 'removed' : status === 'created' ? 'next-exit' : 'not-running';
  const ends = signal === undefined ? deps.closing : AbortSignal.any([signal, deps.closing]);
  await deps.waiters.wait(id, condition, ends).catch(() => undefined);
}

async function nextOfName(
  deps: ContainerDeps,
  events: EventSubscriber,
  name: string,
  previousId: string,
  signal: AbortSignal | undefined,
): Promise<ContainerRecord | undefined> {
  const found = Promise.withResolvers<ContainerRecord | undefined>();
  const look = (): void => {
    const record = deps.store.byName(name);
    if (record !== undefined && record.id !== previousId) found.resolve(record);
  };
  using _created = events.on('container:created', look);
  using _renamed = events.on('container:renamed', look);
  const end = (): void => found.resolve(undefined);
  signal?.addEventListener('abort', end, { once: true });
  deps.closing.addEventListener('abort', end, { once: true });
  look();
  if (signal?.aborted === true) end();
  try {
    return await found.promise;
  } finally {
    signal?.removeEventListener('abort', end);
    deps.closing.removeEventListener('abort', end);
  }
}
