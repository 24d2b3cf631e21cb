import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon();
  await daemon.print(['pull', '-q', 'host:busybox']);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

const clientsOfEach = 10;

interface Asked {
  readonly status: number;
  readonly body: string;
}

function send(method: string, path: string, json?: object): ClientRequest {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) };
  return request({ socketPath: daemon.socketPath, method, path, headers, agent: false }).end(body);
}

async function ask(method: string, path: string, json?: object): Promise<Asked> {
  const [answer] = (await once(send(method, path, json), 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return { status: answer.statusCode ?? 0, body: Buffer.concat(pieces).toString() };
}

async function begin(name: string, script: string, more: object = {}): Promise<string> {
  const config = { Image: 'host:busybox', Cmd: ['sh', '-c', script], ...more };
  const { Id } = JSON.parse((await ask('POST', `/containers/create?name=${name}`, config)).body) as { Id: string };
  expect((await ask('POST', `/containers/${name}/start`)).status).toBe(204);
  return Id;
}

/** The bytes of a connection on which a request was written, from the first on. */
async function talk(head: readonly string[], then: (socket: Socket, seen: () => Buffer) => Promise<void>): Promise<Buffer> {
  const socket = connect(daemon.socketPath);
  let seen = Buffer.alloc(0);
  socket.on('data', (piece) => (seen = Buffer.concat([seen, piece])));
  const closed = once(socket, 'close');
  socket.write(`${head.join('\r\n')}\r\nHost: docker\r\n\r\n`);
  await then(socket, () => seen);
  await closed;
  return seen;
}

async function shows(seen: () => Buffer, text: string): Promise<void> {
  await expect.poll(() => seen().toString('latin1'), { timeout: 20_000 }).toContain(text);
}

describe('a wait', () => {
  test('for the next exit does not take the one before, and for the removal ends with it', async () => {
    await begin('waited', 'exit 3');
    expect(JSON.parse((await ask('POST', '/containers/waited/wait')).body)).toEqual({ StatusCode: 3 });
    const [next, removed] = (await Promise.all(
      ['next-exit', 'removed'].map((condition) => once(send('POST', `/containers/waited/wait?condition=${condition}`), 'response')),
    )) as [[IncomingMessage], [IncomingMessage]];
    expect((await ask('POST', '/containers/waited/start')).status).toBe(204);
    expect((await once(next[0], 'data')).join('')).toContain('"StatusCode":3');
    expect((await ask('DELETE', '/containers/waited?force=1')).status).toBe(204);
    expect((await once(removed[0], 'data')).join('')).toContain('"StatusCode":3');
  });
});

describe('an attach', () => {
  test('without an upgrade carries both directions after the head, and the end of each', async () => {
    await begin('plain', 'cat; echo end >&2; exit 4', { OpenStdin: true, StdinOnce: true });
    const seen = await talk(['POST /v1.50/containers/plain/attach?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1'], async (socket) => {
      socket.end('some words\n');
    });
    const [head = '', ...body] = seen.toString('latin1').split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: application\/vnd\.docker\.multiplexed-stream/);
    expect(body.join('\r\n\r\n')).toBe('\x01\0\0\0\0\0\0\x0bsome words\n\x02\0\0\0\0\0\0\x04end\n');
    expect(JSON.parse((await ask('POST', '/containers/plain/wait')).body)).toEqual({ StatusCode: 4 });
    await ask('DELETE', '/containers/plain');
  });

  test('by websocket carries the bytes as they are', async () => {
    await begin('web', 'read line; echo "got $line"', { OpenStdin: true });
    const handshake = [
      'GET /containers/web/attach/ws?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    const seen = await talk(handshake, async (socket, soFar) => {
      await shows(soFar, '\r\n\r\n');
      // A final frame of text, masked with zeros.
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | 6, 0, 0, 0, 0]), Buffer.from('words\n')]));
      await shows(soFar, 'got words');
      socket.destroy();
    });
    expect(seen.toString('latin1')).toMatch(/^HTTP\/1\.1 101 [^]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=[^]*got words\n/);
    await ask('DELETE', '/containers/web?force=1');
  });

  test('by websocket to what is not there is refused', async () => {
    const handshake = [
      'GET /containers/nobody/attach/ws?stream=1 HTTP/1.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
    ];
    const seen = await talk([...handshake, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='], async () => undefined);
    expect(seen.toString()).toMatch(/^HTTP\/1\.1 404 [^]*No such container: nobody/);
  });
});

describe('versions', () => {
  test.each(['/v1.24', '/v1.41', '/v1.50', ''])('a path may begin with "%s"', async (prefix) => {
    expect((await ask('GET', `${prefix}/containers/json`)).status).toBe(200);
  });

  test.each(['/v1.23', '/v1.51', '/v2.0'])('%s is refused with the versions that there are', async (prefix) => {
    expect(await ask('GET', `${prefix}/containers/json`)).toMatchObject({
      status: 400,
      body: expect.stringMatching(/too (old|new)\. M\w+ supported API version is 1\.\d\d/) as string,
    });
  });
});

test('clients that vanish leave nothing open', async () => {
  const id = await begin('busy', 'while :; do echo line; sleep 0.02; done');
  const openFiles = async (): Promise<number> => (await readdir(`/proc/${daemon.pid}/fd`)).length;
  const streams = [
    ['GET', `/containers/${id}/logs?follow=1&stdout=1`],
    ['POST', `/containers/${id}/attach?stream=1&stdout=1`],
    ['GET', `/containers/${id}/stats`],
    ['GET', '/events'],
    ['POST', `/containers/${id}/wait`],
  ] as const;
  const vanish = async (): Promise<number> => {
    const clients = streams.flatMap(([method, path]) => Array.from({ length: clientsOfEach }, () => send(method, path)));
    const answers = await Promise.all(clients.map((client) => Promise.race([once(client, 'response'), once(client, 'upgrade')])));
    const opened = await openFiles();
    for (const [index, client] of clients.entries()) {
      // Half of them have not read a byte of the body.
      const [answer, socket] = answers[index] as [IncomingMessage, Socket?];
      if (index % 2 === 0) (socket ?? answer).resume();
      client.on('error', () => undefined).destroy();
      socket?.destroy();
    }
    return opened;
  };
  const idle = await openFiles();
  // A few files stay open once they were needed; one for each client of a round would be more than that.
  for (const _round of ['first', 'second']) {
    expect(await vanish()).toBeGreaterThanOrEqual(streams.length * clientsOfEach);
    await expect.poll(openFiles, { timeout: 30_000 }).toBeLessThan(idle + clientsOfEach);
  }
  expect((await ask('GET', `/containers/${id}/json`)).status).toBe(200);
  await ask('DELETE', `/containers/${id}?force=1`);
});
