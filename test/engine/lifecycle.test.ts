import type { Engine, EventEnvelope, OutputChunk } from '@jocker/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEnginePlace, type EnginePlace } from '../support/temporary-engine.ts';

let place: EnginePlace;
let engine: Engine;
const made: string[] = [];
beforeAll(async () => {
  place = await createEnginePlace();
  engine = await place.open();
  await engine.images.pull('host:busybox');
});
afterAll(async () => {
  for (const { id } of await engine.containers.list()) await engine.containers.remove(id, { force: true });
  const traces = await place.traces(made);
  await engine[Symbol.asyncDispose]();
  await place.remove();
  expect(traces).toEqual([]);
});

type Request = Parameters<Engine['containers']['create']>[0];
const create = async (script: string, more: Partial<Request> = {}): Promise<string> => {
  const { id } = await engine.containers.create({ image: 'host:busybox', command: ['sh', '-c', script], ...more });
  made.push(id);
  return id;
};
const run = async (script: string, more: Partial<Request> = {}): Promise<string> => {
  const id = await create(script, more);
  await engine.containers.start(id);
  return id;
};
/** Waits for its first line: what the script set up before is in force. */
const firstLine = async (id: string): Promise<string> => {
  for await (const entry of engine.containers.logs(id, { follow: true })) return entry.data.toString().trim();
  throw new Error('it said nothing');
};
const textOf = async (output: AsyncIterable<OutputChunk>): Promise<string> => {
  let text = '';
  for await (const { data } of output) text += data.toString();
  return text;
};
const waitUp = "trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done";
const lifeOf = async (id: string): Promise<EventEnvelope['name'][]> =>
  (await engine.events.range({})).filter(({ event }) => 'containerId' in event && event.containerId === id).map(({ name }) => name);

describe('a container on a real runtime', () => {
  test('runs, says its lines on two streams and ends with its code', async () => {
    const id = await run('echo out; echo err >&2; exit 9');
    expect(await engine.containers.wait(id)).toEqual({ exitCode: 9 });
    const lines: string[] = [];
    for await (const { stream, data } of engine.containers.logs(id)) lines.push(`${stream} ${data.toString().trim()}`);
    expect(lines.toSorted()).toEqual(['stderr err', 'stdout out']);
    expect(await lifeOf(id)).toEqual(['spec:built', 'container:created', 'container:started', 'container:exited']);
  });

  test('gets the stop signal, and its time', async () => {
    const id = await run(waitUp);
    expect(await firstLine(id)).toBe('up');
    await engine.containers.stop(id);
    expect(await engine.containers.inspect(id)).toMatchObject({ status: 'exited', exitCode: 3, pid: 0 });
  });

  test('can be started again, and its files are as it left them', async () => {
    const id = await run('test -e /kept && exit 5; touch /kept');
    expect(await engine.containers.wait(id)).toEqual({ exitCode: 0 });
    await engine.containers.start(id);
    expect(await engine.containers.wait(id)).toEqual({ exitCode: 5 });
  });

  test('that is paused goes on when it is stopped', async () => {
    const id = await run(waitUp);
    await firstLine(id);
    await engine.containers.pause(id);
    expect((await engine.containers.inspect(id)).status).toBe('paused');
    await engine.containers.stop(id);
    expect((await engine.containers.inspect(id)).exitCode).toBe(3);
  });

  test('whose program is missing or no program says so with 127 or 126', async () => {
    for (const [program, exitCode, reason] of [
      ['/no/such', 127, 'command-not-found'],
      ['/etc/passwd', 126, 'command-not-executable'],
    ] as const) {
      const { id } = await engine.containers.create({ image: 'host:busybox', command: [program] });
      made.push(id);
      await expect(engine.containers.start(id)).rejects.toMatchObject({ code: 'invalid-argument', details: { reason } });
      expect(await engine.containers.inspect(id)).toMatchObject({
        status: 'created',
        exitCode,
        error: expect.stringContaining(program) as string,
      });
    }
  });

  test('is attached to before its start, with its stdin', async () => {
    const id = await create('cat; echo over', { openStdin: true, stdinOnce: true });
    await using streams = await engine.containers.attach(id);
    const text = textOf(streams.output);
    await engine.containers.start(id);
    streams.stdin?.end('typed\n');
    expect(await text).toBe('typed\nover\n');
  });

  test('with a terminal replays what it wrote, once', async () => {
    const id = await run('i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done; read x', { tty: true, openStdin: true });
    await firstLine(id);
    await using streams = await engine.containers.attach(id, { replay: true });
    const text = textOf(streams.output);
    streams.stdin?.write('\n');
    await engine.containers.wait(id);
    const lines = (await text).split('\r\n').filter((line) => line.startsWith('line'));
    expect(lines).toEqual(Array.from({ length: 400 }, (_, index) => `line ${index}`));
  });

  test('has its limits changed while it runs, and its load seen', async () => {
    const id = await run(waitUp, { resources: { memoryBytes: 64 << 20 } });
    await firstLine(id);
    await engine.containers.update(id, { resources: { memoryBytes: 32 << 20 } });
    const { memory, pids } = await engine.containers.stats(id);
    expect([memory.limitBytes, pids.current > 0]).toEqual([32 << 20, true]);
    expect((await engine.containers.top(id)).processes.flat().join(' ')).toContain('sleep 0.05');
    await engine.containers.remove(id, { force: true });
  });

  test('has its files read and written, running or stopped', async () => {
    const id = await run(`cat /note 2>/dev/null; echo mine > /note; ${waitUp}`);
    await firstLine(id);
    const read = async (path: string): Promise<string> => (await engine.containers.files.read(id, path)).toString();
    expect(await read('/note')).toBe('mine\n');
    await engine.containers.files.write(id, '/from-outside', Buffer.from('hello'), { create: true, overwrite: false });
    await engine.containers.stop(id);
    expect([await read('/note'), await read('/from-outside')]).toEqual(['mine\n', 'hello']);
    await engine.containers.files.write(id, '/note', Buffer.from('yours'), { create: false, overwrite: true });
    const changes = await engine.containers.changes(id);
    expect(changes.filter(({ path }) => path === '/note' || path === '/from-outside')).toEqual([
      { path: '/from-outside', kind: 'added' },
      { path: '/note', kind: 'added' },
    ]);
    await engine.containers.start(id);
    const lines: string[] = [];
    for await (const { data } of engine.containers.logs(id, { follow: true })) {
      if (lines.push(data.toString()) > 1 && lines.at(-1)?.includes('yours')) break;
    }
    expect(lines.join('')).toContain('up\nyours');
  });

  test('is removed when it has ended, if it says so', async () => {
    const id = await create('true', { autoRemove: true });
    const removed = engine.containers.wait(id, { condition: 'removed' });
    await engine.containers.start(id);
    expect(await removed).toEqual({ exitCode: 0 });
    await expect(engine.containers.inspect(id)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('is started again by its policy until it may not', async () => {
    const id = await run('exit 4', { restartPolicy: { name: 'on-failure', maximumRetryCount: 1 } });
    expect(await engine.containers.wait(id)).toEqual({ exitCode: 4 });
    expect((await engine.containers.inspect(id)).restartCount).toBe(1);
  });
});

describe('while no engine runs', () => {
  test('containers go on, write, and end; the next engine knows it all', async () => {
    const writes = await run('i=0; while [ $i -lt 50 ]; do echo $i; i=$((i+1)); sleep 0.01; done; exit 11');
    const stays = await run(waitUp);
    await Promise.all([firstLine(writes), firstLine(stays)]);
    const { lastSeq } = engine.events;
    await engine[Symbol.asyncDispose]();
    engine = await place.open();
    expect(await engine.containers.wait(writes)).toEqual({ exitCode: 11 });
    let log = '';
    for await (const { data } of engine.containers.logs(writes)) log += data.toString();
    expect(log).toBe(Array.from({ length: 50 }, (_, index) => `${index}\n`).join(''));
    expect((await engine.containers.inspect(stays)).status).toBe('running');
    await engine.containers.stop(stays);
    expect((await engine.containers.inspect(stays)).exitCode).toBe(3);
    const seqs = (await engine.events.range({})).map(({ seq }) => seq);
    expect([seqs.every((seq, index) => seq === index + 1), seqs.length > lastSeq]).toEqual([true, true]);
    expect((await lifeOf(writes)).filter((name) => name === 'container:exited')).toHaveLength(1);
  });

  test('nobody else can open its data root while it is open', async () => {
    await expect(place.open()).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringContaining(place.directory) as string,
    });
  });
});

describe('a snapshot', () => {
  test('with the events after it applied is the next snapshot', async () => {
    const before = await engine.system.snapshot();
    const known = new Map(before.containers.map((view) => [view.id, view.status as string]));
    const stop = new AbortController();
    const following = (async (): Promise<void> => {
      for await (const { name, event } of engine.events.follow({ since: before.seq, signal: stop.signal })) {
        if (name === 'container:created') known.set(event.containerId, event.view.status);
        if (name === 'container:started') known.set(event.containerId, 'running');
        if (name === 'container:exited') known.set(event.containerId, 'exited');
        if (name === 'container:removed') known.delete(event.containerId);
        if (name === 'image:tagged') return;
      }
    })();
    const gone = await run('true');
    await engine.containers.wait(gone);
    await engine.containers.remove(gone);
    await create('true');
    await engine.containers.remove(await run(waitUp), { force: true });
    await engine.images.tag('host:busybox', 'done:1');
    await following;
    const after = await engine.system.snapshot();
    expect(Object.fromEntries(known)).toEqual(Object.fromEntries(after.containers.map((view) => [view.id, view.status])));
  });
});
