import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { definePlugin, type Engine } from '@jocker/core';
import { createFakeNetworkDriver, createFakeRuntime } from '@jocker/core/testing';
import { builtins } from '@jocker/plugins';
import { createServer, registerDockerRoutes, type JockerServer } from '@jocker/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEnginePlace, type EnginePlace } from '../support/temporary-engine.ts';
import { createRandom } from '../support/random.ts';
import { randomDockerRequest, type RandomRequest } from '../support/random-docker-request.ts';

const requests = 10_000;
const atATime = 8;
/** The client goes away: from calls that wait for a process, and from answers that have no end. */
const patienceMs = 2_000;
const listeningMs = 20;
const containersMax = 20;
const heapGrowthMaxBytes = 48 << 20;

let place: EnginePlace;
let engine: Engine;
let server: JockerServer;
const crashes: unknown[] = [];
const crashed = (error: unknown): void => void crashes.push(error);

beforeAll(async () => {
  process.on('uncaughtException', crashed).on('unhandledRejection', crashed);
  place = await createEnginePlace();
  const pretend = definePlugin({
    name: 'pretend',
    version: '1.0.0',
    setup(jocker) {
      jocker.provide('runtimeBackend', () => createFakeRuntime({ name: 'pretend' }));
      jocker.provide('networkDriver', () => createFakeNetworkDriver());
    },
  });
  // No network of this machine, no processes: what is asked for at random must not leave the test.
  const offline = builtins().filter(({ plugin }) => !/registry|crun|runc|network/.test(plugin.name));
  engine = await place.open({ plugins: [{ plugin: pretend, builtIn: false }, ...offline], defaultRuntime: 'pretend' });
  await engine.images.pull('host:busybox');
  server = await createServer(engine, { socketPath: join(place.directory, 'jocker.sock'), routes: [registerDockerRoutes] });
});
afterAll(async () => {
  await server?.close();
  await removeContainers();
  await engine?.[Symbol.asyncDispose]();
  await place?.remove();
  process.off('uncaughtException', crashed).off('unhandledRejection', crashed);
});

async function removeContainers(): Promise<void> {
  const left = await engine.containers.list();
  await Promise.allSettled(left.map(({ id }) => engine.containers.remove(id, { force: true })));
}

interface Answer {
  /** 0: none before the client went away. */
  readonly status: number;
  readonly body: string;
}

function send({ method, path, headers, body }: RandomRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const sent = request({ socketPath: server.socketPath, method, path, headers: { ...headers, ...length }, agent: false });
    let [status, text] = [0, ''];
    const finish = (): void => {
      clearTimeout(timer);
      sent.destroy();
      resolve({ status, body: text });
    };
    const timer = setTimeout(finish, patienceMs);
    sent.on('response', (answer) => {
      status = answer.statusCode ?? 0;
      answer.on('data', (chunk: Buffer) => {
        if (text.length < 4096) text += chunk.toString();
      });
      answer.on('end', finish).on('error', finish);
      if (answer.headers['content-length'] === undefined) setTimeout(finish, listeningMs);
    });
    sent.on('upgrade', (answer, socket) => {
      status = answer.statusCode ?? 0;
      socket.on('error', () => undefined).destroy();
      finish();
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      // A body that is too large is refused before it is read, and the connection ended.
      if (['EPIPE', 'ECONNRESET'].includes(error.code ?? '')) resolve({ status, body: text });
      else reject(error);
    });
    sent.end(body);
  });
}

async function expectAlive(): Promise<void> {
  const ping: RandomRequest = { method: 'GET', path: '/_ping', headers: {}, body: undefined };
  await expect.poll(() => send(ping), { timeout: 20_000 }).toEqual({ status: 200, body: 'OK' });
}

function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

test('ten thousand requests at random are answered without a crash, without 5xx but 501, in flat memory', async () => {
  const random = createRandom(4);
  const names = ['web', 'other'];
  const execIds: string[] = [];
  const failures: string[] = [];
  const statuses = new Map<number, number>();
  let remaining = requests;
  let heapBefore = 0;

  const work = async (): Promise<void> => {
    while (remaining > 0) {
      remaining -= 1;
      const asked = randomDockerRequest({ random, names, execIds, directory: place.directory });
      const { status, body } = await send(asked);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status >= 500 && status !== 501)
        failures.push(`${status} ${asked.method} ${asked.path.slice(0, 300)} ${asked.body?.toString().slice(0, 1500) ?? ''} → ${body}`);
      const id = /"Id":"([0-9a-f]{64})"/.exec(body)?.[1];
      if (status === 201 && id !== undefined) {
        const list = /\/exec(\?|$)/.test(asked.path) ? execIds : names;
        list.push(id);
        if (list.length > containersMax) list.splice(2, 1);
      }
    }
  };
  const round = async (count: number): Promise<void> => {
    remaining = count;
    await Promise.all(Array.from({ length: atATime }, work));
    await removeContainers();
    await engine.containers.create({ image: 'host:busybox', name: 'web', openStdin: true, command: ['cat'] });
    await engine.containers.start('web');
    await engine.containers.create({ image: 'host:busybox', name: 'other', tty: true, command: ['sh'] });
    if (!(await engine.images.list()).some(({ references }) => references.includes('host:busybox')))
      await engine.images.pull('host:busybox');
  };
  for (let done = 0; done < requests; done += 500) {
    await round(500);
    // What is loaded and compiled once has been by now.
    if (done === 2000) heapBefore = usedHeap();
  }
  expect(failures).toEqual([]);
  expect(crashes).toEqual([]);
  expect(usedHeap() - heapBefore).toBeLessThan(heapGrowthMaxBytes);
  // The generator reaches what works, not only what is refused.
  for (const status of [200, 201, 204, 400, 404, 409, 501]) expect(statuses.get(status) ?? 0, `answers ${status}`).toBeGreaterThan(5);
  await expectAlive();
}, 240_000);

test('bytes that are no HTTP end their connection and nothing else', async () => {
  const random = createRandom(5);
  const heads = [
    '',
    'GET / HTTP/1.1\r\n',
    'POST /containers/a/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: x\r\n\r\n',
    'POST /exec/a/start HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ];
  for (let count = 0; count < 200; count += 1) {
    const socket = connect(server.socketPath);
    const noise = Buffer.from(Array.from({ length: random.whole(400) }, () => random.whole(256)));
    await new Promise<void>((resolve) => {
      socket.on('error', () => undefined).on('close', () => resolve());
      socket.resume().end(Buffer.concat([Buffer.from(random.pick(heads)), noise]), () => setTimeout(() => socket.destroy(), 20));
    });
  }
  expect(crashes).toEqual([]);
  await expectAlive();
});
