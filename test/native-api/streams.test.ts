import { PassThrough } from 'node:stream';
import { JockerError, type EventEnvelope, type LogEntry, type OutputChunk, type ProcessStreams, type TerminalSize } from '@jocker/core';
import { describe, expect, test } from 'vitest';
import { serveScript } from '../support/scripted-server.ts';

interface PlayedProcess {
  readonly streams: ProcessStreams;
  readonly stdin: PassThrough;
  readonly left: Promise<void>;
}

/** A process whose output is what a test yields. */
function play(output: (stdin: PassThrough, left: Promise<void>) => AsyncIterable<OutputChunk>): PlayedProcess {
  const stdin = new PassThrough();
  const left = Promise.withResolvers<void>();
  const streams: ProcessStreams = {
    stdin,
    output: output(stdin, left.promise),
    [Symbol.asyncDispose]: async () => left.resolve(),
  };
  return { streams, stdin, left: left.promise };
}

const collect = async (output: AsyncIterable<OutputChunk>): Promise<Record<string, string>> => {
  const all: Record<string, string> = {};
  for await (const { stream, data } of output) all[stream] = (all[stream] ?? '') + Buffer.from(data).toString();
  return all;
};

describe('a session', () => {
  test('carries stdin with its end, both outputs, sizes and the exit code', async () => {
    const sizes: TerminalSize[] = [];
    const process = play(async function* (stdin) {
      let all = '';
      for await (const chunk of stdin) all += (chunk as Buffer).toString();
      yield { stream: 'stdout', data: Buffer.from(all.toUpperCase()) };
      yield { stream: 'stderr', data: Buffer.from('done') };
    });
    await using served = await serveScript({
      execs: {
        start: async () => process.streams,
        wait: async () => ({ exitCode: 7 }),
        resize: async (_id, size) => void sizes.push(size),
      },
    });
    await using session = await served.client.execs.start('e00', { attach: true });
    session.resize({ columns: 80, rows: 24 });
    session.stdin.write('hello ');
    session.stdin.end('world');
    expect(await collect(session.output)).toEqual({ stdout: 'HELLO WORLD', stderr: 'done' });
    expect(await session.exited).toEqual({ exitCode: 7 });
    expect(sizes).toEqual([{ columns: 80, rows: 24 }]);
  });

  test('carries ten megabytes without loss', async () => {
    const size = 10_000_000;
    const process = play(async function* () {
      for (let sent = 0; sent < size; sent += 100_000) yield { stream: 'stdout', data: Buffer.alloc(100_000, sent / 100_000) };
    });
    await using served = await serveScript({ execs: { attach: async () => process.streams, wait: async () => ({ exitCode: 0 }) } });
    await using session = await served.client.execs.attach('e00', { replay: true });
    const parts: Uint8Array[] = [];
    for await (const { data } of session.output) parts.push(Buffer.from(data));
    const all = Buffer.concat(parts);
    expect(all.length).toBe(size);
    expect(Array.from({ length: 100 }, (_, index) => all[index * 100_000 + 99_999])).toEqual(
      Array.from({ length: 100 }, (_, index) => index),
    );
  });

  test('is given up by the server when its client leaves, and the process is not stopped', async () => {
    const process = play(async function* (_stdin, left) {
      yield { stream: 'stdout', data: Buffer.from('ready') };
      await left;
    });
    await using served = await serveScript({ execs: { start: async () => process.streams } });
    const session = await served.client.execs.start('e00', { attach: true });
    for await (const _chunk of session.output) session.detach();
    await process.left;
    await expect(session.exited).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('with a container asks for its exit before its streams', async () => {
    const asked: string[] = [];
    const process = play(async function* () {
      yield { stream: 'stdout', data: Buffer.from('x') };
    });
    await using served = await serveScript({
      containers: {
        wait: async (_id, options) => {
          asked.push(`wait ${options?.condition}`);
          return { exitCode: 5 };
        },
        attach: async (_id, options) => {
          asked.push(`attach ${options?.stdin}`);
          return process.streams;
        },
      },
    });
    await using session = await served.client.containers.attach('web', { stdin: true });
    expect(await collect(session.output)).toEqual({ stdout: 'x' });
    expect(await session.exited).toEqual({ exitCode: 5 });
    expect(asked).toEqual(['wait next-exit', 'attach true']);
  });

  test('that the engine refuses rejects with its error, and one that breaks says so behind what came', async () => {
    const process = play(async function* () {
      yield { stream: 'stdout', data: Buffer.from('half') };
      throw new JockerError('unavailable', 'the monitor is gone');
    });
    await using served = await serveScript({
      execs: { start: () => Promise.reject(new JockerError('not-found', 'there is no exec e00')), attach: async () => process.streams },
    });
    await expect(served.client.execs.start('e00', { attach: true })).rejects.toMatchObject({ code: 'not-found' });
    const session = await served.client.execs.attach('e00');
    await expect(collect(session.output)).rejects.toMatchObject({ code: 'unavailable', message: 'the monitor is gone' });
  });
});

describe('a log', () => {
  const entry = (line: string): LogEntry => ({
    time: '2026-01-01T00:00:00.000000001Z',
    stream: 'stderr',
    data: Buffer.from(line),
    cursor: `c:${line.length}`,
    containerId: 'f00',
  });

  test('comes entry by entry, with what was asked', async () => {
    let asked: unknown;
    await using served = await serveScript({
      containers: {
        async *logs(id, { signal: _signal, ...options } = {}) {
          asked = [id, options];
          yield entry('one\n');
          yield entry('two');
        },
      },
    });
    const got: unknown[] = [];
    for await (const { data, ...head } of served.client.containers.logs('web', {
      tail: 2,
      follow: true,
      stdout: false,
      since: new Date(0),
    })) {
      got.push({ ...head, data: Buffer.from(data) });
    }
    expect(got).toEqual([entry('one\n'), entry('two')]);
    expect(asked).toEqual(['web', { follow: true, tail: 2, stdout: false, stderr: true, byName: false, since: new Date(0) }]);
  });

  test('of an unknown container is an error, and so is one that breaks half-way', async () => {
    let begin = false;
    await using served = await serveScript({
      containers: {
        async *logs() {
          if (begin) yield entry('one\n');
          throw new JockerError('not-found', 'there is no container web');
        },
      },
    });
    const read = async (): Promise<number> => {
      let entries = 0;
      for await (const _entry of served.client.containers.logs('web')) entries += 1;
      return entries;
    };
    await expect(read()).rejects.toMatchObject({ code: 'not-found' });
    begin = true;
    await expect(read()).rejects.toMatchObject({ code: 'not-found', message: 'there is no container web' });
  });
});

describe('events', () => {
  const envelope = (seq: number): EventEnvelope => ({
    seq,
    time: '',
    name: 'image:pulling',
    operationId: null,
    event: { reference: `${seq}` },
  });

  test('go on after the last seq when the connection broke, each once', async () => {
    const asked: (number | undefined)[] = [];
    await using served = await serveScript({
      events: {
        async *follow({ since, signal }) {
          asked.push(since);
          const from = since ?? 0;
          yield envelope(from + 1);
          yield envelope(from + 2);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      },
    });
    const controller = new AbortController();
    const got: number[] = [];
    let lost = 0;
    await served.client.events.keepFollowing({
      since: 10,
      signal: controller.signal,
      retry: { firstMs: 5, maxMs: 20 },
      onGone: () => Promise.reject(new Error('not asked for')),
      onEvent: ({ seq }) => {
        got.push(seq);
        if (got.length === 2) void served.shut().then(() => served.open());
        if (got.length === 4) controller.abort();
      },
      onConnection: (state) => {
        if (state !== 'connected') lost += 1;
      },
    });
    expect(got).toEqual([11, 12, 13, 14]);
    expect(asked).toEqual([10, 12]);
    expect(lost).toBeGreaterThan(0);
  });

  test('that the engine no longer has ask for a snapshot, then go on from it', async () => {
    await using served = await serveScript({
      events: {
        follow({ since = 0, signal }) {
          if (since < 100) throw new JockerError('failed-precondition', 'events before 100 are gone');
          return (async function* () {
            yield envelope(since + 1);
            await new Promise((resolve) => signal.addEventListener('abort', resolve));
          })();
        },
      },
    });
    await expect(served.client.events.follow({ since: 3 })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    const controller = new AbortController();
    const got: number[] = [];
    await served.client.events.keepFollowing({
      since: 3,
      signal: controller.signal,
      onGone: async () => 200,
      onEvent: ({ seq }) => {
        got.push(seq);
        controller.abort();
      },
    });
    expect(got).toEqual([201]);
  });

  test('of a silent connection are asked for again', async () => {
    let connections = 0;
    await using served = await serveScript({
      events: {
        async *follow({ signal }) {
          connections += 1;
          if (connections > 1) yield envelope(1);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      },
    });
    const controller = new AbortController();
    await served.client.events.keepFollowing({
      since: 0,
      signal: controller.signal,
      silenceMaxMs: 100,
      retry: { firstMs: 5, maxMs: 20 },
      onGone: async () => 0,
      onEvent: () => controller.abort(),
    });
    expect(connections).toBeGreaterThanOrEqual(2);
  });
});
