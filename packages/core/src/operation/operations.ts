import type { OperationApi, OperationView } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import { followOperation } from './follow-operation.ts';
import type { Logger } from './operation-context.ts';
import type { Operation } from './operation.ts';
import type { OperationStore } from './operation-store.ts';
import { RunningOperation } from './running-operation.ts';

export interface OperationRequest {
  /** `container.create` */
  readonly verb: string;
  /** The reference, name or id that was asked for. */
  readonly subject: string;
  readonly client?: string | undefined;
  /** The caller's; its abort cancels the operation. */
  readonly signal?: AbortSignal | undefined;
  readonly containerId?: string;
  /** It makes room: its events may take the space that is reserved for a full disk. */
  readonly urgent?: boolean;
}

export interface Operations extends OperationApi {
  /** Runs a verb as an operation: visible, followed, cancelled by its id, told as started and as finished or failed. */
  run<T>(request: OperationRequest, work: (operation: Operation) => Promise<T>): Promise<T>;
  /** Cancels what runs, waits for it to end, and writes what waits to be written. Nothing runs afterwards. */
  close(): Promise<void>;
}

const maxEnded = 200;
const flushDelayMs = 300;
/** Of work that does not honour its signal. */
const closeTimeoutMs = 5_000;

export function createOperations(publisher: EventPublisher, store: OperationStore, log: Logger): Operations {
  const running = new Map<string, RunningOperation>();
  const ended = new Map<string, RunningOperation | OperationView>();
  let unsaved: RunningOperation[] = [];
  let timer: NodeJS.Timeout | undefined;
  let allEnded: PromiseWithResolvers<void> | undefined;
  for (const view of store.load(maxEnded)) ended.set(view.id, view);

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (unsaved.length === 0) return;
    const views = unsaved.map((operation) => operation.view());
    unsaved = [];
    attempt(() => store.save(views, maxEnded));
  };

  /** What an operation did stands, whether it can be written down or not. */
  const attempt = (write: () => void): void => {
    try {
      write();
    } catch (error) {
      log.error('the end of an operation could not be recorded', { error: String(error) });
    }
  };

  const leave = (operation: RunningOperation): void => {
    running.delete(operation.id);
    if (running.size === 0) allEnded?.resolve();
  };

  const keep = (operation: RunningOperation): void => {
    ended.set(operation.id, operation);
    for (const id of ended.keys()) {
      if (ended.size <= maxEnded) break;
      ended.delete(id);
    }
  };

  const fail = (operation: RunningOperation, error: unknown, urgent: boolean): JockerError => {
    const thrown = operation.end(error) ?? new JockerError('internal', String(error));
    keep(operation);
    const stage = operation.failedStage;
    const event = {
      operation: operation.verb,
      subject: operation.subject,
      durationMs: operation.durationMs,
      stage: stage?.name ?? null,
      plugin: stage?.plugin ?? null,
      code: thrown.code,
      message: thrown.message,
    };
    const change = (): void => store.save([operation.view()], maxEnded);
    attempt(() => publisher.publish('operation:failed', event, { operationId: operation.id, urgent, change }));
    return thrown;
  };

  const succeed = (operation: RunningOperation, urgent: boolean): void => {
    operation.end();
    keep(operation);
    const { verb, subject, durationMs } = operation;
    attempt(() => publisher.publish('operation:finished', { operation: verb, subject, durationMs }, { operationId: operation.id, urgent }));
    if (operation.containerId === null) return;
    unsaved.push(operation);
    timer ??= setTimeout(flush, flushDelayMs).unref();
  };

  const find = (id: string): RunningOperation | OperationView => {
    const found = running.get(id) ?? ended.get(id);
    if (found === undefined) throw new JockerError('not-found', `there is no operation ${id}`);
    return found;
  };

  return {
    async run(request, work) {
      const { verb, subject, signal, urgent = false } = request;
      if (allEnded !== undefined) throw new JockerError('unavailable', 'the engine is closing');
      const operation = new RunningOperation(verb, subject, request.client ?? null, log);
      if (request.containerId !== undefined) operation.concerns(request.containerId);
      running.set(operation.id, operation);
      const cancel = (): void => operation.cancel();
      signal?.addEventListener('abort', cancel);
      try {
        publisher.publish('operation:started', { operation: verb, subject }, { operationId: operation.id, urgent });
        if (signal?.aborted === true) cancel();
        operation.signal.throwIfAborted();
        const result = await work(operation);
        succeed(operation, urgent);
        return result;
      } catch (error) {
        throw fail(operation, error, urgent);
      } finally {
        leave(operation);
        signal?.removeEventListener('abort', cancel);
      }
    },
    async close() {
      allEnded = Promise.withResolvers();
      if (running.size === 0) allEnded.resolve();
      for (const operation of running.values()) operation.cancel();
      const late = setTimeout(allEnded.resolve, closeTimeoutMs);
      await allEnded.promise;
      clearTimeout(late);
      flush();
    },
    list: async () =>
      [...ended.values(), ...running.values()]
        .map(viewOf)
        .toSorted((left, right) => Date.parse(left.startedAt) - Date.parse(right.startedAt)),
    get: async (id) => viewOf(find(id)),
    async cancel(id) {
      const found = find(id);
      if (!(found instanceof RunningOperation) || found.ended) return false;
      found.cancel();
      return true;
    },
    follow(id, signal) {
      const found = find(id);
      return found instanceof RunningOperation ? followOperation(found, signal) : once(found);
    },
  };
}

const viewOf = (operation: RunningOperation | OperationView): OperationView =>
  operation instanceof RunningOperation ? operation.view() : operation;

async function* once(view: OperationView): AsyncGenerator<OperationView> {
  yield view;
}
