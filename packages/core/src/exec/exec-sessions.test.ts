import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContainerStatus } from '../engine/engine.ts';
import type { EventName } from '../events/lifecycle-events.ts';
import type { OciProcess } from '../oci/runtime-spec.ts';
import type { Bundle, ProcessStreams, RuntimeBackend } from '../runtime/runtime-backend.ts';
import { createFakeRuntime } from '../testing/fake-runtime.ts';
import type { FakeProcess } from '../testing/fake-process.ts';
import { createExecSessions, type ExecSessions } from './exec-sessions.ts';

const silent = (): void => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };
const context = { signal: new AbortController().signal, log };
const process: OciProcess = { args: ['sleep', '1000'], cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 } };

let directory: string;
let runtime: RuntimeBackend;
let status: ContainerStatus;
let execs: ExecSessions;
let events: { name: EventName; event: unknown }[];
let flood: { written: number; release: () => void };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-exec-'));
  status = 'running';
  events = [];
  const gate = Promise.withResolvers<void>();
  flood = { written: 0, release: gate.resolve };
  runtime = createFakeRuntime({
    programs: {
      /** Writes 16 MiB and counts what was taken from it. */
      flood: async (fake: FakeProcess) => {
        for (let count = 0; count < 256; count += 1) {
          await fake.write('stdout', Buffer.alloc(65_536, count));
          flood.written += 65_536;
        }
        return 0;
      },
      /** Says one thing when it is told to. */
      gate: async (fake: FakeProcess) => {
        await gate.promise;
        await fake.write('stdout', 'after\n');
        return 0;
      },
    },
  });
  const bundle: Bundle = {
    directory,
    spec: { ociVersion: '1.0.2', root: { path: '/' }, process, mounts: [], linux: { namespaces: [] } },
    rootfs: [],
    tty: false,
    openStdin: false,
    stdinOnce: false,
    logPath: undefined,
  };
  const { pid } = await runtime.create('c', bundle, context);
  await runtime.start('c', bundle, context);
  execs = createExecSessions({
    target: () => ({
      subject: { containerId: 'c', name: 'web', image: 'i', labels: {} },
      status,
      pid,
      location: bundle,
      runtime,
      process,
    }),
    buildProcess: async (target, request) => ({ ...target.process, args: [...request.command] }),
    publisher: { publish: (name, event) => (events.push({ name, event }), { seq: 0, time: '', name, operationId: null, event } as never) },
    log,
  });
});
afterEach(async () => {
  execs.close();
  await runtime.delete('c', { directory, tty: false, openStdin: false, stdinOnce: false }, { force: true }, context);
  await rm(directory, { recursive: true, force: true });
});

const read = async (streams: ProcessStreams | undefined): Promise<{ stdout: string; stderr: string }> => {
  const all = { stdout: '', stderr: '' };
  for await (const chunk of streams?.output ?? []) all[chunk.stream] += chunk.data.toString();
  return all;
};
const names = (): string[] => events.map(({ name }) => name);

describe('an exec', () => {
  test('gives its output to who started it, then its exit code, with one event for each step', async () => {
    const { id } = await execs.create('web', { command: ['sh', '-c', 'echo out; echo err >&2; exit 3'] });
    const streams = await execs.start(id, { attach: true });
    expect(await read(streams)).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    expect(await execs.wait(id)).toEqual({ exitCode: 3 });
    expect(await execs.inspect(id)).toMatchObject({ status: 'exited', exitCode: 3, containerId: 'c' });
    expect(names()).toEqual(['exec:created', 'exec:started', 'exec:exited']);
    expect(events[2]?.event).toMatchObject({ containerId: 'c', execId: id, exitCode: 3, name: 'web' });
  });

  test('has its exit code by the time its output ends', async () => {
    const { id } = await execs.create('web', { command: ['true'] });
    await read(await execs.start(id, { attach: true }));
    expect((await execs.inspect(id)).status).toBe('exited');
  });

  test('is started once', async () => {
    const { id } = await execs.create('web', { command: ['true'] });
    const both = await Promise.allSettled([execs.start(id, { attach: false }), execs.start(id, { attach: false })]);
    expect(both.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('of a command that is not there ends with 127 and says so', async () => {
    const { id } = await execs.create('web', { command: ['nonsense'] });
    await expect(execs.start(id, { attach: true })).rejects.toMatchObject({ details: { reason: 'command-not-found' } });
    expect(await execs.inspect(id)).toMatchObject({ status: 'exited', exitCode: 127 });
    expect(names()).toEqual(['exec:created', 'exec:exited']);
  });

  test.each([
    ['paused', /paused, unpause/],
    ['exited', /not running/],
  ] as const)('in a container that is %s is refused', async (state, message) => {
    const { id } = await execs.create('web', { command: ['true'] });
    status = state;
    await expect(execs.create('web', { command: ['true'] })).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringMatching(message),
    });
    await expect(execs.start(id, { attach: false })).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  test('without a command is refused, and an unknown one is not found', async () => {
    await expect(execs.create('web', { command: [] })).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(execs.inspect('nothing')).rejects.toMatchObject({ code: 'not-found', details: { reason: 'no-such-exec' } });
  });

  test('reads its input to the half-close of a client', async () => {
    const { id } = await execs.create('web', { command: ['cat'], openStdin: true });
    const streams = await execs.start(id, { attach: true });
    const data = randomBytes(50_000).toString('hex');
    streams?.stdin?.end(data);
    expect((await read(streams)).stdout).toBe(data);
  });

  test('is killed by name or number of a signal', async () => {
    const { id } = await execs.create('web', { command: ['sleep', '1000'] });
    await execs.start(id, { attach: false });
    await execs.kill(id, 'TERM');
    expect(await execs.wait(id)).toEqual({ exitCode: 143 });
    await expect(execs.kill(id, 9)).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  test('has the size that its terminal was given before and after its start', async () => {
    const { id } = await execs.create('web', { command: ['sh', '-c', 'stty size; read line; stty size'], tty: true, openStdin: true });
    await execs.resize(id, { columns: 101, rows: 31 });
    const streams = await execs.start(id, { attach: true });
    const output = streams?.output[Symbol.asyncIterator]();
    expect((await output?.next())?.value?.data.toString()).toBe('31 101\r\n');
    await execs.resize(id, { columns: 133, rows: 40 });
    streams?.stdin?.write('\r');
    let rest = '';
    for (let next = await output?.next(); next?.done === false; next = await output?.next()) rest += next.value.data.toString();
    expect(rest).toContain('40 133');
  });
});

describe('clients', () => {
  test('that come later see what was said before, if they ask, and what comes', async () => {
    const { id } = await execs.create('web', { command: ['sh', '-c', 'echo before; gate'] });
    const first = await execs.start(id, { attach: true });
    const iterator = first?.output[Symbol.asyncIterator]();
    await iterator?.next();
    await using second = await execs.attach(id, { replay: true });
    await using third = await execs.attach(id);
    expect((await execs.inspect(id)).attached).toBe(3);
    flood.release();
    expect((await read(second)).stdout).toBe('before\nafter\n');
    expect((await read(third)).stdout).toBe('after\n');
  });

  test('that go leave it running, with an event, and its output can be read afterwards', async () => {
    const { id } = await execs.create('web', { command: ['gate'] });
    const first = await execs.start(id, { attach: true });
    await first?.[Symbol.asyncDispose]();
    expect(names()).toEqual(['exec:created', 'exec:started', 'exec:detached']);
    flood.release();
    await execs.wait(id);
    expect((await read(await execs.attach(id, { replay: true }))).stdout).toBe('after\n');
  });

  test('that are slow and alone slow the process and lose nothing', async () => {
    const { id } = await execs.create('web', { command: ['flood'] });
    const streams = await execs.start(id, { attach: true });
    for (let count = 0; count < 200; count += 1) await turn();
    expect(flood.written).toBeLessThan(4 << 20);
    const chunks: Buffer[] = [];
    for await (const chunk of streams?.output ?? []) chunks.push(chunk.data);
    const expected = Buffer.concat(Array.from({ length: 256 }, (_, count) => Buffer.alloc(65_536, count)));
    expect(Buffer.concat(chunks).equals(expected)).toBe(true);
  });

  test('that read nothing do not hold up the others, and the memory they take is bounded', async () => {
    const { id } = await execs.create('web', { command: ['flood'] });
    const slow = await execs.start(id, { attach: true });
    const quick = await execs.attach(id);
    const bytes = (await read(quick)).stdout.length;
    expect(bytes).toBeGreaterThan(14 << 20);
    let kept = 0;
    for await (const chunk of slow?.output ?? []) kept += chunk.data.length;
    expect(kept).toBeLessThan(3 << 20);
  });

  test('find the newest output of a session that nobody watched, up to the bound', async () => {
    const { id } = await execs.create('web', { command: ['flood'] });
    await execs.start(id, { attach: false });
    await execs.wait(id);
    const streams = await execs.attach(id, { replay: true });
    let bytes = 0;
    for await (const chunk of streams.output) bytes += chunk.data.length;
    expect(bytes).toBeGreaterThan(128 * 1024);
    expect(bytes).toBeLessThanOrEqual(256 * 1024);
  });
});

test('the sessions of a removed container are gone, and old ended ones of a living one, too', async () => {
  for (let count = 0; count < 60; count += 1) {
    const { id } = await execs.create('web', { command: ['true'] });
    await execs.start(id, { attach: false });
    await execs.wait(id);
  }
  expect((await execs.list('web')).length).toBeLessThanOrEqual(51);
  execs.removeContainer('c');
  expect(await execs.list()).toEqual([]);
});
