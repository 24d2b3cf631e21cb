import { describe, expect, test } from 'vitest';
import type { OperationView } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import { createEventLog } from '../events/event-log.ts';
import { LifecycleBus } from '../events/lifecycle-bus.ts';
import type { EventEnvelope } from '../events/lifecycle-events.ts';
import { memoryState, recordingLogger } from '../testing/memory-state.ts';
import { endInterrupted } from './end-interrupted.ts';
import { createOperationStore } from './operation-store.ts';
import { createOperations } from './operations.ts';

function setUp(state = memoryState()) {
  const log = recordingLogger();
  const bus = new LifecycleBus(state, createEventLog(state.database), log);
  const store = createOperationStore(state.database);
  const events: EventEnvelope[] = [];
  bus.onAny((envelope) => events.push(envelope));
  return { state, bus, store, events, operations: createOperations(bus, store, log) };
}
const request = { verb: 'image.pull', subject: 'a' };
const failure = new JockerError('data-loss', 'a blob does not match');

describe('an operation', () => {
  test('is told as started and finished under one id, with its stages nested by parent', async () => {
    const { operations, events } = setUp();
    const id = await operations.run({ ...request, client: 'cli' }, async (operation) => {
      await operation.stage('pull', 'registry', (pull) => pull.stage('layer', null, () => Promise.resolve()));
      await operation.stage('unpack', null, () => Promise.resolve());
      return operation.id;
    });
    expect(events.map((event) => [event.name, event.operationId])).toEqual([
      ['operation:started', id],
      ['operation:finished', id],
    ]);
    const view = await operations.get(id);
    expect(view).toMatchObject({ state: 'succeeded', client: 'cli', error: null });
    expect(view.spans.map((span) => [span.name, span.plugin, span.parent, span.durationMs !== null, span.failed])).toEqual([
      ['pull', 'registry', null, true, false],
      ['layer', null, 0, true, false],
      ['unpack', null, null, true, false],
    ]);
  });

  test('that fails throws the error itself and names the innermost stage and its plugin', async () => {
    const { operations, events } = setUp();
    const run = operations.run(request, (operation) =>
      operation.stage('pull', null, (pull) => pull.stage('fetch', 'registry', () => Promise.reject(failure))),
    );
    await expect(run).rejects.toBe(failure);
    expect(events.at(-1)).toMatchObject({
      name: 'operation:failed',
      event: { stage: 'fetch', plugin: 'registry', code: 'data-loss', message: 'a blob does not match' },
    });
    expect((await operations.list())[0]).toMatchObject({ state: 'failed', error: { code: 'data-loss' } });
  });

  test('is cancelled by its id: the signal reaches the work and the caller gets cancelled', async () => {
    const { operations, events } = setUp();
    const run = operations.run(
      request,
      (operation) => new Promise((_, reject) => operation.signal.addEventListener('abort', () => reject(new Error('socket hung up')))),
    );
    const [view] = await operations.list();
    expect(await operations.cancel(view?.id ?? '')).toBe(true);
    await expect(run).rejects.toMatchObject({ code: 'cancelled', message: 'image.pull of a was cancelled' });
    expect(events.at(-1)).toMatchObject({ name: 'operation:failed', event: { code: 'cancelled' } });
    expect(await operations.cancel(view?.id ?? '')).toBe(false);
    expect(await operations.get(view?.id ?? '')).toMatchObject({ state: 'cancelled' });
  });

  test("is cancelled by the caller's signal, also when that has fired before", async () => {
    const { operations } = setUp();
    let ran = false;
    const run = operations.run({ ...request, signal: AbortSignal.abort() }, async () => {
      ran = true;
    });
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    expect(ran).toBe(false);
  });

  test('can be followed from the middle to its end', async () => {
    const { operations } = setUp();
    let finish: () => void = () => undefined;
    const run = operations.run(request, async (operation) => {
      operation.report([{ digest: `sha256:${'0'.repeat(64)}`, state: 'downloading', bytesDone: 1, bytesTotal: 2 }]);
      await new Promise<void>((resolve) => (finish = resolve));
    });
    const [view] = await operations.list();
    const seen: OperationView[] = [];
    for await (const each of operations.follow(view?.id ?? '', new AbortController().signal)) {
      seen.push(each);
      finish();
    }
    await run;
    expect([seen[0]?.state, seen[0]?.progress.length, seen.at(-1)?.state, seen.at(-1)?.progress.length]).toEqual([
      'running',
      1,
      'succeeded',
      0,
    ]);
  });

  test('that fails on a full disk says so, with what the kernel said in the details', async () => {
    const { operations } = setUp();
    const full = Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC', syscall: 'write', path: '/data/x' });
    await expect(operations.run(request, () => Promise.reject(full))).rejects.toMatchObject({
      code: 'resource-exhausted',
      message: 'no space left on the device for /data/x',
      details: { errno: 'ENOSPC', syscall: 'write' },
    });
  });

  test('is cancelled when the engine closes, which waits for its end', async () => {
    const { operations } = setUp();
    const order: string[] = [];
    const run = operations.run(
      request,
      (operation) =>
        new Promise((_, reject) =>
          operation.signal.addEventListener('abort', () => {
            setImmediate(() => {
              order.push('work ended');
              reject(new Error('aborted'));
            });
          }),
        ),
    );
    const closing = operations.close().then(() => order.push('closed'));
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    await closing;
    expect(order).toEqual(['work ended', 'closed']);
    await expect(operations.run(request, () => Promise.resolve())).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('that nobody knows is not found', async () => {
    const { operations } = setUp();
    await expect(operations.get('none')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('after a restart', () => {
  test('failed operations and those of containers are there, others are not', async () => {
    const { state, operations } = setUp();
    await operations.run({ verb: 'container.start', subject: 'web', containerId: 'c1' }, () => Promise.resolve());
    await operations.run({ verb: 'image.push', subject: 'kept in memory only' }, () => Promise.resolve());
    await operations.run(request, () => Promise.reject(failure)).catch(() => undefined);
    await operations.close();
    const again = await setUp(state).operations.list();
    expect(again.map((view) => view.operation).toSorted()).toEqual(['container.start', 'image.pull']);
  });

  test('an operation that was running is told as failed, once', () => {
    const { state, bus } = setUp();
    bus.publish('operation:started', { operation: 'container.create', subject: 'web' }, { operationId: 'lost' });
    const first = setUp(state);
    endInterrupted(first.store, first.bus);
    expect(first.events).toMatchObject([
      {
        name: 'operation:failed',
        operationId: 'lost',
        event: { code: 'unavailable', message: 'the engine ended while container.create of web ran' },
      },
    ]);
    const second = setUp(state);
    endInterrupted(second.store, second.bus);
    expect(second.events).toEqual([]);
  });

  test('only the newest two hundred are kept', async () => {
    const { state, operations } = setUp();
    for (let count = 0; count < 205; count += 1) {
      await operations.run({ ...request, subject: String(count) }, () => Promise.reject(failure)).catch(() => undefined);
    }
    expect([(await operations.list()).length, (await setUp(state).operations.list()).length]).toEqual([200, 200]);
  });
});
