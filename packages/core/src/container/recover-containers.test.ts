import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { EventEnvelope } from '../events/lifecycle-events.ts';
import { createContainerHarness, type ContainerHarness, type HarnessOptions } from '../testing/container-harness.ts';
import type { CreateRequest } from './create-request.ts';
import { recoverContainers } from './recover-containers.ts';

const forever: CreateRequest = { image: 'img', name: 'web', command: ['sleep', 'infinity'] };
const open: ContainerHarness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness[Symbol.asyncDispose]();
});

const setUp = async (options: HarnessOptions = {}): Promise<ContainerHarness> => {
  const harness = await createContainerHarness(options);
  open.push(harness);
  return harness;
};
/** A new engine over what the earlier one left, recovered. */
const restart = async (before: ContainerHarness, options: HarnessOptions = {}): Promise<ContainerHarness> => {
  await before.close();
  const after = await setUp({ ...options, from: before });
  await recoverContainers(after.deps, after.operations);
  return after;
};
const leftovers = async (harness: ContainerHarness): Promise<string[]> => {
  const known = new Set(harness.deps.store.list().map((record) => record.id));
  const alive = new Set(
    harness.deps.store
      .list()
      .filter((record) => record.status === 'running')
      .map((record) => record.id),
  );
  const { paths, intents } = harness.deps;
  const names = async (path: string): Promise<string[]> => readdir(path).catch((): string[] => []);
  return [
    ...(await harness.snapshotter.list()).keys.filter((key) => !known.has(key)),
    ...(await names(paths.stateRoot)).filter((id) => !known.has(id)),
    ...(await names(paths.bundleRoot)).filter((id) => !alive.has(id)),
    ...[...harness.world.containers.keys()].filter((id) => !alive.has(id)),
    ...intents.list().map((intent) => `${intent.kind} ${intent.id}`),
  ];
};
const allEvents = (harness: ContainerHarness): EventEnvelope['name'][] =>
  harness.state.database
    .prepare(
      `SELECT name FROM events WHERE name IN ('container:started', 'container:exited', 'container:created', 'container:removed') ORDER BY seq`,
    )
    .all()
    .map((row) => row['name'] as EventEnvelope['name']);

describe('after a restart of the engine', () => {
  test('a container that runs is watched again, without a second start event', async () => {
    const first = await setUp();
    const { id } = await first.verbs.create(forever);
    await first.verbs.start(id);
    const second = await restart(first);
    expect(second.deps.store.get(id)?.status).toBe('running');
    await second.verbs.kill(id, 'KILL');
    expect(allEvents(second)).toEqual(['container:created', 'container:started', 'container:exited']);
  });

  test('an exit that nobody saw is told with its code and its time', async () => {
    const first = await setUp();
    const { id } = await first.verbs.create({ ...forever, command: ['sh', '-c', 'read line; exit 6'], openStdin: true });
    await first.verbs.start(id);
    await first.close();
    first.world.containers.get(id)?.main?.input(Buffer.from('go\n'));
    const status = await first.world.containers.get(id)?.exit;
    const second = await restart(first);
    expect(second.deps.store.get(id)).toMatchObject({ status: 'exited', exitCode: 6, finishedAt: status?.finishedAt });
    expect([allEvents(second), await leftovers(second)]).toEqual([['container:created', 'container:started', 'container:exited'], []]);
  });

  test('a container of which the runtime knows nothing has ended, with a code that says so', async () => {
    const first = await setUp();
    const { id } = await first.verbs.create(forever);
    await first.verbs.start(id);
    await first.close();
    const gone = first.world.containers.get(id);
    first.world.containers.delete(id);
    const second = await restart(first);
    expect(second.deps.store.get(id)).toMatchObject({ status: 'exited', exitCode: 255, error: expect.stringContaining('lost') as string });
    gone?.main?.kill(9);
  });

  test('a container that was paused meanwhile is told so', async () => {
    const first = await setUp();
    const { id } = await first.verbs.create(forever);
    await first.verbs.start(id);
    await first.close();
    const container = first.world.containers.get(id);
    if (container !== undefined) container.status = 'paused';
    const second = await restart(first);
    expect([second.deps.store.get(id)?.status, second.names()]).toEqual(['paused', ['container:paused']]);
  });

  test('an autoRemove container that ended meanwhile is removed', async () => {
    const first = await setUp();
    const { id } = await first.verbs.create({ ...forever, autoRemove: true });
    await first.verbs.start(id);
    await first.close();
    first.world.containers.get(id)?.main?.kill(9);
    await first.world.containers.get(id)?.exit;
    const second = await restart(first);
    await second.seen('container:removed');
    expect([second.deps.store.list(), await leftovers(second)]).toEqual([[], []]);
  });

  test('what has no record is removed: snapshot, folders, runtime state', async () => {
    const first = await setUp();
    const { id } = await first.verbs.create(forever);
    await first.verbs.start(id);
    const { paths } = first.deps;
    await mkdir(paths.bundle('f'.repeat(64)), { recursive: true });
    await mkdir(paths.state('e'.repeat(64)), { recursive: true });
    await writeFile(`${paths.state('e'.repeat(64))}/hosts`, '');
    await first.snapshotter.prepare('d'.repeat(64), undefined, { signal: new AbortController().signal, log: first.deps.log });
    await first.close();
    first.deps.store.remove(id);
    expect(await leftovers(await restart(first))).toEqual([]);
  });

  test('a program that the killed engine had called for a container is waited for', async () => {
    const first = await setUp();
    const id = 'c'.repeat(64);
    await mkdir(first.deps.paths.bundle(id), { recursive: true });
    // What comes after the script is $0: it stands among the arguments as it does for a monitor.
    const monitor = spawn('/bin/sh', ['-c', 'read line', id], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(monitor, 'spawn');
    await first.close();
    const second = await setUp({ from: first });
    let isRecovered = false;
    const recovering = recoverContainers(second.deps, second.operations).then(() => (isRecovered = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isRecovered).toBe(false);
    monitor.stdin.end('go\n');
    await recovering;
    expect(await leftovers(second)).toEqual([]);
  });

  test('data of a record that cannot be read stays', async () => {
    const first = await setUp();
    const { id } = await first.verbs.create(forever);
    await first.close();
    first.state.database.exec(`UPDATE containers SET record = json_remove(record, '$.image')`);
    const second = await restart(first);
    expect([(await second.snapshotter.list()).keys, await readdir(second.deps.paths.stateRoot)]).toEqual([[id], [id]]);
  });

  test.each([
    ['always', true, 'running'],
    ['unless-stopped', true, 'exited'],
    ['on-failure', true, 'exited'],
    ['no', true, 'exited'],
  ] as const)('restart policy %s, stopped by the user %s: it is %s', async (name, _stopped, status) => {
    const first = await setUp();
    const { id } = await first.verbs.create({ ...forever, restartPolicy: { name, maximumRetryCount: 0 } });
    await first.verbs.start(id);
    await first.verbs.stop(id, { timeoutSeconds: 0 });
    const second = await restart(first);
    if (status === 'running') await second.seen('container:started');
    expect(second.deps.store.get(id)?.status).toBe(status);
  });
});

describe('an engine that ends in the middle of', () => {
  const endAt = async (name: string, work: (harness: ContainerHarness) => Promise<unknown>): Promise<ContainerHarness> => {
    const harness = await setUp({ endAt: name });
    await Promise.race([harness.ended, work(harness).then(() => Promise.reject(new Error(`${name} was not reached`)))]);
    return harness;
  };

  test.each(['create:intent', 'create:snapshot', 'create:spec'])('create, at %s, leaves nothing', async (at) => {
    const first = await endAt(at, ({ verbs }) => verbs.create(forever));
    const second = await restart(first);
    expect([second.deps.store.list(), await leftovers(second)]).toEqual([[], []]);
    await second.verbs.create(forever);
  });

  test('start, before the process exists, leaves it as created', async () => {
    for (const at of ['start:bundle', 'start:runtime-created']) {
      const first = await endAt(at, async ({ verbs }) => verbs.start((await verbs.create(forever)).id));
      const second = await restart(first);
      expect([second.deps.store.list().map((record) => record.status), await leftovers(second)]).toEqual([['created'], []]);
      await second.verbs.start('web');
    }
  });

  test('start, after the process exists, has it running and told once', async () => {
    const first = await endAt('start:runtime-started', async ({ verbs }) => verbs.start((await verbs.create(forever)).id));
    const second = await restart(first);
    expect(second.deps.store.list()[0]).toMatchObject({ status: 'running' });
    await second.verbs.remove('web', { force: true });
    expect(allEvents(second)).toEqual(['container:created', 'container:started', 'container:exited', 'container:removed']);
  });

  test('start of a process that has ended since has both told, in order', async () => {
    const quick = { ...forever, command: ['sh', '-c', 'exit 9'] };
    const first = await endAt('start:runtime-started', async ({ verbs }) => verbs.start((await verbs.create(quick)).id));
    await [...first.world.containers.values()][0]?.exit;
    const second = await restart(first);
    expect(second.deps.store.list()[0]).toMatchObject({ status: 'exited', exitCode: 9 });
    expect([allEvents(second), await leftovers(second)]).toEqual([['container:created', 'container:started', 'container:exited'], []]);
  });

  test.each(['remove:marked', 'remove:runtime', 'remove:snapshot', 'remove:data-removed'])('remove, at %s, is finished', async (at) => {
    const first = await endAt(at, async ({ verbs }) => verbs.remove((await verbs.create(forever)).id));
    const second = await restart(first);
    expect([second.deps.store.list(), await leftovers(second)]).toEqual([[], []]);
    expect(allEvents(second)).toEqual(['container:created', 'container:removed']);
  });
});
