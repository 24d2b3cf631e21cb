import { readLog } from '../logs/read-log.ts';
import type { OutputChunk, ProcessStreams } from '../runtime/runtime-backend.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';
import { isAlive } from './container-state.ts';
import { locationOf, subjectOf } from './container-subject.ts';
import { waitContainer } from './wait-container.ts';

export interface AttachOptions {
  readonly replay?: boolean;
  readonly stdin?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * With `replay` the output is that of the log from its beginning, followed until the exit: there is one source, so nothing
 * is missing or doubled where the past meets the present. Without, and for stdin, it is the monitor's attach socket.
 */
export async function attachContainer(deps: ContainerDeps, reference: string, options: AttachOptions = {}): Promise<ProcessStreams> {
  const record = deps.store.find(reference);
  const { id } = record;
  const alive = isAlive(record.status);
  const runtime = deps.drivers.runtimes.byName(record.runtime).value;
  const live = alive
    ? await runtime.attach(id, locationOf(deps, record), { signal: options.signal ?? deps.closing, log: deps.log })
    : deps.pendingAttaches.add(id, record.request.openStdin ?? false);
  const ended = new AbortController();
  const subject = subjectOf(record);
  deps.publisher.publish('container:attached', subject);
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    options.signal?.removeEventListener('abort', onAbort);
    ended.abort();
    await live[Symbol.asyncDispose]();
    if (deps.store.get(id) !== undefined && !deps.closing.aborted) deps.publisher.publish('container:detached', subject);
  };
  const onAbort = (): void => void close();
  options.signal?.addEventListener('abort', onAbort);
  return {
    output: options.replay === true ? replay(deps, record, alive, live.output, ended.signal) : live.output,
    stdin: options.stdin === false ? undefined : live.stdin,
    [Symbol.asyncDispose]: close,
  };
}

async function* replay(
  deps: ContainerDeps,
  { id }: ContainerRecord,
  alive: boolean,
  live: AsyncIterable<OutputChunk>,
  signal: AbortSignal,
): AsyncGenerator<OutputChunk> {
  const followUntil = alive ? { followUntil: waitContainer(deps, id, 'next-exit', signal).catch(() => undefined) } : {};
  for await (const { stream, data } of readLog({ containerId: id, path: deps.paths.log(id), signal, ...followUntil }))
    yield { stream, data };
  // What did not run has its whole past in the log; what comes is of the next run.
  if (!alive) yield* live;
}
