import { Duplex, PassThrough, Writable } from 'node:stream';
import type { OutputChunk, ProcessStreams } from '@jocker/core';
import { expect, test } from 'vitest';
import { pumpStreams, type PumpOptions } from './pump-streams.ts';

interface Process extends ProcessStreams {
  says(chunk: OutputChunk): void;
  ends(): void;
  readonly heard: string[];
  readonly inputEnded: Promise<void>;
  closed: boolean;
}

/** Streams of a process that a test plays. */
function createProcess(): Process {
  const output = new PassThrough({ objectMode: true });
  const heard: string[] = [];
  const inputEnded = Promise.withResolvers<void>();
  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      heard.push(chunk.toString());
      done();
    },
    final(done) {
      inputEnded.resolve();
      done();
    },
  });
  const streams: Process = {
    output: output as AsyncIterable<OutputChunk>,
    stdin,
    heard,
    inputEnded: inputEnded.promise,
    closed: false,
    says: (chunk) => void output.write(chunk),
    ends: () => void output.end(),
    async [Symbol.asyncDispose]() {
      streams.closed = true;
      output.end();
    },
  };
  return streams;
}

/** Both ends of a connection; `window` is what the near end holds for a client that does not read. */
function createConnection(window = 1 << 16): { readonly near: Duplex; readonly far: Duplex } {
  const [toFar, toNear] = [new PassThrough({ highWaterMark: window }), new PassThrough()];
  const near = Duplex.from({ readable: toNear, writable: toFar });
  const far = Duplex.from({ readable: toFar, writable: toNear });
  // The far end is told of the break as an error.
  far.on('error', () => undefined);
  return { near, far };
}

const options: PumpOptions = { tty: false, framed: true, stdin: true, stdout: true, stderr: true, detachKeys: Buffer.alloc(0) };
const turns = async (count = 10): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('only the streams that were asked for reach the client, and the end of the output ends the connection', async () => {
  const process = createProcess();
  const { near, far } = createConnection();
  const pumping = pumpStreams(near, process, { ...options, framed: false, stderr: false });
  process.says({ stream: 'stdout', data: Buffer.from('out') });
  process.says({ stream: 'stderr', data: Buffer.from('err') });
  process.ends();
  expect((await far.toArray()).join('')).toBe('out');
  expect(await pumping).toBe('ended');
  expect(process.closed).toBe(true);
});

test('the half-close of the client ends the input of a process, and the output goes on', async () => {
  const process = createProcess();
  const { near, far } = createConnection();
  const pumping = pumpStreams(near, process, { ...options, framed: false });
  far.end('input');
  await process.inputEnded;
  expect(process.heard).toEqual(['input']);
  process.says({ stream: 'stdout', data: Buffer.from('after') });
  process.ends();
  expect((await far.toArray()).join('')).toBe('after');
  expect(await pumping).toBe('ended');
});

test('the half-close of the client is no end of input at a terminal', async () => {
  const process = createProcess();
  const { near, far } = createConnection();
  const pumping = pumpStreams(near, process, { ...options, tty: true });
  far.end('typed');
  await turns();
  expect([process.heard, (process.stdin as Writable).writableEnded]).toEqual([['typed'], false]);
  process.ends();
  expect(await pumping).toBe('ended');
});

test('detach keys end the session, not the process, also in pieces; what comes before them is passed on', async () => {
  const process = createProcess();
  const { near, far } = createConnection();
  const pumping = pumpStreams(near, process, { ...options, tty: true, detachKeys: Buffer.from([16, 17]) });
  far.write('typed\x10');
  await turns();
  far.write('\x11more');
  expect(await pumping).toBe('detached');
  expect([process.heard.join(''), process.closed, (process.stdin as Writable).writableEnded]).toEqual(['typed', true, false]);
});

test('keys that only begin like the detach keys are passed on', async () => {
  const process = createProcess();
  const { near, far } = createConnection();
  const pumping = pumpStreams(near, process, { ...options, tty: true, detachKeys: Buffer.from([16, 17]) });
  far.write('a\x10b\x10\x10c');
  await turns();
  expect(process.heard.join('')).toBe('a\x10b\x10\x10c');
  process.ends();
  expect(await pumping).toBe('ended');
});

test('without stdin what the client sends goes nowhere', async () => {
  const process = createProcess();
  const { near, far } = createConnection();
  const pumping = pumpStreams(near, process, { ...options, stdin: false });
  far.end('input');
  await turns();
  process.ends();
  expect([await pumping, process.heard]).toEqual(['ended', []]);
});

test('a client that goes away closes the streams', async () => {
  const process = createProcess();
  const { near } = createConnection();
  const pumping = pumpStreams(near, process, options);
  near.destroy();
  expect([await pumping, process.closed]).toEqual(['left', true]);
});

test('a client that goes away while it does not read closes the streams too', async () => {
  const process = createProcess();
  const { near } = createConnection(16);
  const pumping = pumpStreams(near, process, options);
  for (let count = 0; count < 100; count += 1) process.says({ stream: 'stdout', data: Buffer.alloc(65_536) });
  await turns();
  near.destroy();
  expect([await pumping, process.closed]).toEqual(['left', true]);
});
