import { readdir } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { EventEnvelope } from '../events/lifecycle-events.ts';
import { JockerError } from '../errors/jocker-error.ts';
import { createContainerHarness, type ContainerHarness, type HarnessOptions } from '../testing/container-harness.ts';
import type { CreateRequest } from './create-request.ts';

let harness: ContainerHarness;
afterEach(async () => harness[Symbol.asyncDispose]());
const setUp = async (options: HarnessOptions = {}): Promise<ContainerHarness> => (harness = await createContainerHarness(options));

const forever: CreateRequest = { image: 'img', command: ['sleep', 'infinity'] };
const obedient: CreateRequest = { image: 'img', command: ['sh', '-c', "trap 'exit 3' TERM; sleep infinity & wait"] };
const quick = (exitCode: number): CreateRequest => ({ image: 'img', command: ['sh', '-c', `exit ${exitCode}`] });
const eventOf = (name: EventEnvelope['name']): EventEnvelope['event'] | undefined =>
  harness.events.find((event) => event.name === name)?.event;
const run = async (request: CreateRequest): Promise<string> => {
  const { id } = await harness.verbs.create(request);
  await harness.verbs.start(id);
  return id;
};
const statusOf = (id: string): string | undefined => harness.deps.store.get(id)?.status;
const leftovers = async (): Promise<string[]> => [
  ...(await harness.snapshotter.list()).keys,
  ...(await readdir(harness.deps.paths.stateRoot).catch((): string[] => [])),
  ...(await readdir(harness.deps.paths.bundleRoot).catch((): string[] => [])),
  ...harness.world.containers.keys(),
  ...harness.deps.intents.list().map((intent) => intent.kind),
];

describe('create', () => {
  test('records the container with its spec and its events, and calls no runtime', async () => {
    const { verbs, deps, world, names } = await setUp();
    const { id, name } = await verbs.create({ image: 'img', command: ['echo', 'hi'], labels: { mine: '1' } });
    expect(name).toMatch(/^[a-z]+_[a-z]+$/);
    expect(names()).toEqual(['spec:built', 'container:created']);
    expect(eventOf('container:created')).toMatchObject({
      containerId: id,
      image: 'img',
      runtime: 'fake',
      labels: { from: 'image', mine: '1' },
      view: { id, status: 'created', command: ['echo', 'hi'] },
    });
    expect(deps.store.spec(id).steps.map((step) => step.mutator)).toEqual(['default', 'command']);
    expect([world.containers.size, deps.intents.list()]).toEqual([0, []]);
  });

  test('of one name twice at the same moment succeeds once', async () => {
    const { verbs } = await setUp();
    const results = await Promise.allSettled([verbs.create({ ...forever, name: 'web' }), verbs.create({ ...forever, name: 'web' })]);
    expect(
      results.map((result) => (result.status === 'rejected' ? (result.reason as JockerError).code : result.status)).toSorted(),
    ).toEqual(['already-exists', 'fulfilled']);
  });

  test('that fails in a mutator leaves nothing and frees the name', async () => {
    const broken = {
      name: 'broken',
      mutate: () => {
        throw new JockerError('invalid-argument', 'no such user');
      },
    };
    const { verbs, deps } = await setUp({ mutators: [broken] });
    await expect(verbs.create({ ...forever, name: 'web' })).rejects.toMatchObject({
      code: 'invalid-argument',
      details: { mutator: 'broken' },
    });
    expect([await leftovers(), deps.store.isNameTaken('web')]).toEqual([[], false]);
    expect(eventOf('operation:failed')).toMatchObject({ operation: 'container.create', stage: 'spec' });
  });

  test('is refused by an admission rule with its name and reason, and by one that throws', async () => {
    const rule = { name: 'no-latest', decide: () => ({ allowed: false, reason: 'untagged' }) as const };
    const { verbs } = await setUp({ admissionRules: [rule] });
    await expect(verbs.create(forever)).rejects.toMatchObject({
      code: 'permission-denied',
      message: 'refused by admission rule no-latest: untagged',
      details: { rule: 'no-latest', plugin: 'rules' },
    });
    await harness[Symbol.asyncDispose]();
    const throwing = {
      name: 'broken',
      decide: () => {
        throw new Error('oops');
      },
    };
    await setUp({ admissionRules: [throwing] });
    await expect(harness.verbs.create(forever)).rejects.toThrow('admission rule broken failed: oops');
    expect(await leftovers()).toEqual([]);
  });

  test.each(['x', '-web', 'a/b', 'a b', '../x', 'a'.repeat(256)])('refuses %j as a name', async (name) => {
    const { verbs } = await setUp();
    await expect(verbs.create({ ...forever, name })).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

describe('start', () => {
  test('is told before the exit, each once, for a process that ends at once', async () => {
    const { verbs, names, seen } = await setUp();
    for (let count = 1; count <= 10; count += 1) {
      await run(quick(count));
      await seen('container:exited', count);
    }
    const told = names().filter((name) => name === 'container:started' || name === 'container:exited');
    expect(told).toEqual(Array.from({ length: 10 }, () => ['container:started', 'container:exited']).flat());
    expect((await verbs.list()).map((view) => [view.status, view.exitCode, view.pid])).toEqual(
      Array.from({ length: 10 }, (_, index) => ['exited', index + 1, 0]),
    );
  });

  test('after an exit runs it again, with a new start and exit', async () => {
    const { verbs, names, seen } = await setUp();
    const id = await run(quick(1));
    await seen('container:exited');
    await verbs.start(id);
    await seen('container:exited', 2);
    expect(names().slice(2)).toEqual(['container:started', 'container:exited', 'container:started', 'container:exited']);
  });

  test('of a running container is not-modified and no operation', async () => {
    const { verbs, operations } = await setUp();
    const id = await run(forever);
    const before = (await operations.list()).length;
    await expect(verbs.start(id)).rejects.toMatchObject({ code: 'failed-precondition', details: { reason: 'not-modified' } });
    expect((await operations.list()).length).toBe(before);
  });

  test.each([
    ['/nowhere/program', 'command-not-found', 127],
    ['/etc/not-executable', 'command-not-executable', 126],
  ])('of %s fails with %s and exit code %i, and leaves it created', async (program, reason, exitCode) => {
    const { verbs, world } = await setUp();
    const { id } = await verbs.create({ image: 'img', command: [program] });
    await expect(verbs.start(id)).rejects.toMatchObject({ details: { reason } });
    expect((await verbs.list())[0]).toMatchObject({ status: 'created', exitCode, error: expect.stringContaining(program) as string });
    expect(eventOf('operation:failed')).toMatchObject({ operation: 'container.start', stage: 'create', plugin: 'fake-plugin' });
    expect([world.containers.size, await readdir(harness.deps.paths.bundleRoot)]).toEqual([0, []]);
  });

  test('that fails in the runtime is undone, and the next one works', async () => {
    const { verbs, world } = await setUp();
    const { id } = await verbs.create(forever);
    world.failNext('start', new JockerError('internal', 'the runtime broke'));
    await expect(verbs.start(id)).rejects.toThrow('the runtime broke');
    expect([world.containers.size, harness.deps.store.get(id)?.exitCode]).toEqual([0, 128]);
    await verbs.start(id);
    expect(harness.deps.store.get(id)).toMatchObject({ status: 'running', error: '', exitCode: null });
  });

  test('twice at the same moment starts it once', async () => {
    const { verbs, names } = await setUp();
    const { id } = await verbs.create(forever);
    const results = await Promise.allSettled([verbs.start(id), verbs.start(id)]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
    expect(names().filter((name) => name === 'container:started')).toHaveLength(1);
  });
});

describe('stop', () => {
  test('gives the process its signal and its time', async () => {
    const { verbs, names } = await setUp();
    const id = await run(obedient);
    await verbs.stop(id);
    expect([statusOf(id), harness.deps.store.get(id)?.exitCode]).toEqual(['exited', 3]);
    expect(names().slice(3)).toEqual(['container:signalled', 'container:exited', 'container:stopped']);
  });

  test('kills after the time is over, and at once without any', async () => {
    const { verbs } = await setUp();
    for (const timeoutSeconds of [0, 0.05]) {
      const id = await run(forever);
      await verbs.stop(id, { timeoutSeconds });
      expect([statusOf(id), harness.deps.store.get(id)?.exitCode]).toEqual(['exited', 137]);
    }
  });

  test('does not lock the container while it waits', async () => {
    const { verbs, seen } = await setUp();
    const id = await run(forever);
    const stopping = verbs.stop(id, { timeoutSeconds: 600 });
    await seen('container:signalled');
    await verbs.rename(id, 'still-there');
    await verbs.kill(id, 'KILL');
    await stopping;
    expect(statusOf(id)).toBe('exited');
  });

  test('can be cancelled while it waits; the container goes on', async () => {
    const { verbs, seen } = await setUp();
    const id = await run(forever);
    const caller = new AbortController();
    const stopping = verbs.stop(id, { timeoutSeconds: 600, signal: caller.signal });
    await seen('container:signalled');
    caller.abort();
    await expect(stopping).rejects.toMatchObject({ code: 'cancelled' });
    expect(statusOf(id)).toBe('running');
  });

  test('of what does not run is not-modified', async () => {
    const { verbs } = await setUp();
    const { id } = await verbs.create(forever);
    await expect(verbs.stop(id)).rejects.toMatchObject({ details: { reason: 'not-modified' } });
  });

  test('of a paused container lets it go on and ends it', async () => {
    const { verbs, names } = await setUp();
    const id = await run(obedient);
    await verbs.pause(id);
    await verbs.stop(id);
    expect(names().slice(3)).toEqual([
      'container:paused',
      'container:signalled',
      'container:unpaused',
      'container:exited',
      'container:stopped',
    ]);
  });
});

describe('kill, pause, rename, update, restart', () => {
  test('of what does not run is refused with not-running', async () => {
    const { verbs } = await setUp();
    const { id } = await verbs.create(forever);
    for (const refused of [verbs.kill(id, 'TERM'), verbs.pause(id)]) {
      await expect(refused).rejects.toMatchObject({ code: 'failed-precondition', details: { reason: 'not-running' } });
    }
    await expect(verbs.unpause(id)).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  test('a kill with SIGKILL resolves after the exit was recorded', async () => {
    const { verbs } = await setUp();
    const id = await run(forever);
    await verbs.kill(id, 9);
    expect([statusOf(id), harness.deps.store.get(id)?.exitCode]).toEqual(['exited', 137]);
  });

  test('pause and unpause change the status and tell it', async () => {
    const { verbs, names } = await setUp();
    const id = await run(forever);
    await verbs.pause(id);
    expect(statusOf(id)).toBe('paused');
    await expect(verbs.pause(id)).rejects.toMatchObject({ code: 'failed-precondition' });
    await verbs.unpause(id);
    expect([statusOf(id), ...names().slice(3)]).toEqual(['running', 'container:paused', 'container:unpaused']);
  });

  test('a rename to a name in use is refused, and the old name stays', async () => {
    const { verbs, deps } = await setUp();
    const { id } = await verbs.create({ ...forever, name: 'one' });
    await verbs.create({ ...forever, name: 'two' });
    await expect(verbs.rename(id, 'two')).rejects.toMatchObject({ code: 'already-exists', details: { reason: 'name-in-use' } });
    await verbs.rename(id, '/three');
    expect([deps.store.find('three').id, deps.store.isNameTaken('one')]).toEqual([id, false]);
    expect(eventOf('container:renamed')).toMatchObject({ name: 'three', oldName: 'one' });
  });

  test('an update reaches the running container, its spec and its record', async () => {
    const { verbs, deps, world } = await setUp();
    const id = await run(forever);
    await verbs.update(id, { resources: { memoryBytes: 64 << 20 }, restartPolicy: { name: 'always', maximumRetryCount: 0 } });
    await verbs.update(id, { resources: { pidsLimit: 7 } });
    expect(world.containers.get(id)?.resources).toMatchObject({ memory: { limit: 64 << 20 }, pids: { limit: 7 } });
    expect(deps.store.spec(id).spec.linux.resources).toMatchObject({ memory: { limit: 64 << 20 }, pids: { limit: 7 } });
    expect(deps.store.get(id)).toMatchObject({ resources: { memoryBytes: 64 << 20, pidsLimit: 7 }, restartPolicy: { name: 'always' } });
  });

  test('a restart ends one run and begins the next, also with autoRemove', async () => {
    const { verbs, names } = await setUp();
    const id = await run({ ...obedient, autoRemove: true });
    await verbs.restart(id);
    expect(names().slice(2)).toEqual([
      'container:started',
      'container:signalled',
      'container:exited',
      'container:started',
      'container:restarted',
    ]);
    expect(statusOf(id)).toBe('running');
  });
});

describe('wait', () => {
  test('not-running answers at once for what does not run, else with the exit', async () => {
    const { verbs, seen } = await setUp();
    const { id } = await verbs.create(quick(4));
    expect(await verbs.wait(id)).toEqual({ exitCode: 0 });
    await verbs.start(id);
    await seen('container:exited');
    expect(await verbs.wait(id)).toEqual({ exitCode: 4 });
  });

  test('next-exit before the start gets the exit of that run; removed waits for the record to go', async () => {
    const { verbs, deps } = await setUp();
    const { id } = await verbs.create({ ...quick(5), autoRemove: true });
    const waits = [verbs.wait(id, { condition: 'next-exit' }), verbs.wait(id, { condition: 'removed' })];
    await verbs.start(id);
    expect(await Promise.all(waits)).toEqual([{ exitCode: 5 }, { exitCode: 5 }]);
    expect(deps.store.list()).toEqual([]);
  });

  test('ends with its signal, and with an error for an unknown container', async () => {
    const { verbs } = await setUp();
    const { id } = await verbs.create(forever);
    const caller = new AbortController();
    const waiting = verbs.wait(id, { condition: 'next-exit', signal: caller.signal });
    caller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(verbs.wait('nobody')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('remove', () => {
  test('leaves nothing', async () => {
    const { verbs, seen } = await setUp();
    const id = await run(quick(0));
    await seen('container:exited');
    await verbs.remove(id);
    expect([await leftovers(), await verbs.list()]).toEqual([[], []]);
    await expect(verbs.remove(id)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('of a running container needs force, and then tells the exit first', async () => {
    const { verbs, names } = await setUp();
    const id = await run(forever);
    await expect(verbs.remove(id)).rejects.toMatchObject({ code: 'failed-precondition', details: { reason: 'in-use' } });
    await verbs.remove(id, { force: true });
    expect([names().slice(3), await leftovers()]).toEqual([['container:signalled', 'container:exited', 'container:removed'], []]);
  });

  test('that fails leaves it dead with the error, and can be tried again', async () => {
    const { verbs, world } = await setUp();
    const { id } = await verbs.create(forever);
    world.failNext('delete', new Error('busy'));
    await expect(verbs.remove(id)).rejects.toThrow('busy');
    expect(harness.deps.store.get(id)).toMatchObject({ status: 'dead', error: 'busy' });
    await verbs.remove(id);
    expect(await leftovers()).toEqual([]);
  });

  test('of an autoRemove container comes by itself, also after a start that fails', async () => {
    const { verbs, seen } = await setUp();
    await run({ ...quick(0), autoRemove: true });
    await seen('container:removed');
    const { id } = await verbs.create({ image: 'img', command: ['/nowhere'], autoRemove: true });
    await expect(verbs.start(id)).rejects.toMatchObject({ details: { reason: 'command-not-found' } });
    await seen('container:removed', 2);
    expect(await leftovers()).toEqual([]);
  });

  test('prune removes what does not run and passes the filter', async () => {
    const { verbs } = await setUp();
    const kept = await run(forever);
    const { id: other } = await verbs.create({ ...forever, labels: { keep: '1' } });
    const { id: gone } = await verbs.create(forever);
    const result = await verbs.prune({ filter: (view) => view.labels['keep'] === undefined });
    expect(result).toEqual({ removed: [gone], reclaimedBytes: 100 });
    expect((await verbs.list()).map((view) => view.id)).toEqual([kept, other]);
  });
});

describe('a restart policy', () => {
  test('starts it again after a failure, as often as it may', async () => {
    const { verbs, seen, names } = await setUp();
    const id = await run({ ...quick(1), restartPolicy: { name: 'on-failure', maximumRetryCount: 2 } });
    await seen('container:exited', 3);
    expect(names().slice(2)).toEqual(Array.from({ length: 3 }, () => ['container:started', 'container:exited']).flat());
    expect(harness.deps.store.get(id)).toMatchObject({ status: 'exited', restartCount: 2 });
    expect(await verbs.wait(id)).toEqual({ exitCode: 1 });
  });

  test('ends with stop, also between two runs', async () => {
    const { verbs, seen } = await setUp();
    const id = await run({ ...quick(1), restartPolicy: { name: 'always', maximumRetryCount: 0 } });
    await seen('container:exited', 2);
    await verbs.stop(id);
    expect(harness.deps.store.get(id)).toMatchObject({ status: 'exited', stoppedByUser: true });
  });

  test('wait goes past the restarts to the last exit', async () => {
    const { verbs } = await setUp();
    const id = await run({ ...quick(7), restartPolicy: { name: 'on-failure', maximumRetryCount: 1 } });
    expect(await verbs.wait(id)).toEqual({ exitCode: 7 });
    expect(harness.deps.store.get(id)?.restartCount).toBe(1);
  });
});

describe('many at once', () => {
  test('create, start, stop, rename and remove on one name end consistent', async () => {
    const { verbs, deps, world, names } = await setUp();
    const actions = Array.from({ length: 40 }, (_, index) => async () => {
      switch (index % 5) {
        case 0:
          return await verbs.create({ ...forever, name: 'web' });
        case 1:
          return await verbs.start('web');
        case 2:
          return await verbs.stop('web', { timeoutSeconds: 0 });
        case 3:
          return await verbs.rename('web', 'other').then(async () => verbs.rename('other', 'web'));
        default:
          return await verbs.remove('web', { force: true });
      }
    });
    const results = await Promise.allSettled(actions.map(async (action) => action()));
    const unexpected = results.filter((result) => result.status === 'rejected' && !(result.reason instanceof JockerError));
    expect(unexpected).toEqual([]);
    for (const record of deps.store.list()) await verbs.remove(record.id, { force: true });
    expect([await leftovers(), world.containers.size, deps.store.isNameTaken('web'), deps.store.isNameTaken('other')]).toEqual([
      [],
      0,
      false,
      false,
    ]);
    const starts = names().filter((name) => name === 'container:started').length;
    expect(names().filter((name) => name === 'container:exited')).toHaveLength(starts);
  });
});
