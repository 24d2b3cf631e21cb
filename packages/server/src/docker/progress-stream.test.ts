import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JockerError, type Engine } from '@jocker/core';
import { createServer, type JockerServer } from '../http/create-server.ts';
import { answerWithStream, type ProgressStream } from './progress-stream.ts';

let directory: string;
let server: JockerServer | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-progress-'));
});
afterEach(async () => {
  await server?.close();
  await rm(directory, { recursive: true });
});

async function answerOf(work: (stream: ProgressStream) => Promise<void>): Promise<IncomingMessage> {
  const socketPath = join(directory, 's');
  server = await createServer({} as Engine, {
    socketPath,
    routes: [(scope) => void scope.get('/', (_request, reply) => answerWithStream(reply, work))],
  });
  const asked = request({ socketPath, path: '/', agent: false }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}

async function linesOf(answer: IncomingMessage): Promise<readonly unknown[]> {
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return Buffer.concat(pieces)
    .toString()
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

test('an error before the first message is an answer of its own', async () => {
  const answer = await answerOf(() => Promise.reject(new JockerError('not-found', 'nothing is there')));
  expect(answer.statusCode).toBe(404);
  answer.resume();
});

test('an error after a message is a message', async () => {
  const answer = await answerOf(async ({ send }) => {
    send({ status: 'begun' });
    throw new JockerError('not-found', 'nothing is there');
  });
  expect(answer.statusCode).toBe(200);
  expect(await linesOf(answer)).toEqual([
    { status: 'begun' },
    { errorDetail: { code: 404, message: 'nothing is there' }, error: 'nothing is there' },
  ]);
});

test('a client that does not read misses news, and nothing else', async () => {
  let kept = 0;
  const answer = await answerOf(async ({ send, sendNews }) => {
    send({ status: 'begun' });
    for (let number = 0; number < 20_000; number += 1) sendNews({ number, text: 'x'.repeat(1000) });
    for (let number = 0; number < 100; number += 1) send({ kept: number });
  });
  const lines = await linesOf(answer);
  for (const line of lines) if (typeof line === 'object' && line !== null && 'kept' in line) kept += 1;
  expect(kept).toBe(100);
  expect(lines.length).toBeLessThan(20_000);
});
