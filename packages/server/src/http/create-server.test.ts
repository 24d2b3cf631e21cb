import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { JockerError, type Engine } from '@jocker/core';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRaw } from '../testing/raw-connection.ts';
import { acceptWebSocket } from './accept-web-socket.ts';
import { apiVersionOf } from './api-version.ts';
import { createServer, type JockerServer } from './create-server.ts';
import { hijack } from './hijack.ts';

let directory: string;
let server: JockerServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-http-'));
  server = await createServer({} as Engine, {
    socketPath: join(directory, 'jocker.sock'),
    routes: [
      (scope) => {
        scope.get('/info', (asked) => ({ version: apiVersionOf(asked) ?? null }));
        scope.post('/json', (asked) => ({ body: asked.body ?? null }));
        scope.post('/stream', async (asked) => ({ bytes: (await text(asked.body as Readable)).length }));
        scope.get('/refused', () => {
          throw new JockerError('already-exists', 'the name is in use', { details: { reason: 'name-in-use' } });
        });
        scope.get('/broken', () => {
          throw new Error('a bug');
        });
        // Answers what it was asked, then each line in capitals; after the client's half-close, one more line.
        const shout = async (asked: Parameters<typeof hijack>[0], reply: Parameters<typeof hijack>[1]): Promise<void> => {
          if ((asked.params as { id: string }).id === 'unknown') throw new JockerError('not-found', 'there is no unknown');
          const { socket, upgraded } = hijack(asked, reply, { contentType: 'application/vnd.docker.raw-stream' });
          socket.on('error', () => socket.destroy());
          socket.write(`${JSON.stringify({ body: asked.body instanceof Readable ? null : (asked.body ?? null), upgraded })}\n`);
          for await (const chunk of socket) socket.write((chunk as Buffer).toString().toUpperCase());
          socket.end('bye');
        };
        scope.post('/containers/:id/attach', shout);
        scope.post('/exec/:id/start', shout);
        scope.get('/containers/:id/attach/ws', async (asked, reply) => {
          const socket = await acceptWebSocket(asked, reply);
          if (socket === undefined) throw new JockerError('invalid-argument', 'this is a websocket');
          socket.on('message', (data: Buffer) => socket.send(data.toString().toUpperCase()));
          return reply;
        });
      },
    ],
  });
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}
const call = (method: string, path: string, options: { headers?: Record<string, string>; body?: string | Buffer } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath: server.socketPath, method, path, headers: options.headers ?? {}, agent: false }, (answer) => {
      text(answer).then((all) => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(all) as unknown }), reject);
    });
    sent.on('error', reject);
    sent.end(options.body);
  });
const json = { 'content-type': 'application/json' };

describe('a request', () => {
  test('finds one route with and without a version in its path', async () => {
    expect(await call('GET', '/v1.41/info')).toEqual({ status: 200, body: { version: '1.41' } });
    expect(await call('GET', '/info?x=1')).toEqual({ status: 200, body: { version: null } });
  });

  test('with an error of the engine is answered with its code, message and details', async () => {
    expect(await call('GET', '/refused')).toEqual({
      status: 409,
      body: { code: 'already-exists', message: 'the name is in use', details: { reason: 'name-in-use' } },
    });
  });

  test('that meets a bug is answered 500, one for nothing 404', async () => {
    expect(await call('GET', '/broken')).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(await call('GET', '/nothing')).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });

  test('of a browser is refused', async () => {
    expect(await call('GET', '/info', { headers: { origin: 'https://example.com' } })).toMatchObject({ status: 403 });
  });

  test('may have an empty JSON body, but not a broken one', async () => {
    expect(await call('POST', '/json', { headers: json, body: '' })).toEqual({ status: 200, body: { body: null } });
    expect(await call('POST', '/json', { headers: json, body: '{"a":' })).toMatchObject({
      status: 400,
      body: { code: 'invalid-argument' },
    });
  });

  test('with a JSON body above 8 MiB is refused, a stream of that size is read', async () => {
    const large = Buffer.alloc(9 * 1024 * 1024, 0x20);
    expect(await call('POST', '/json', { headers: json, body: large })).toMatchObject({ status: 413 });
    expect(await call('POST', '/stream', { headers: { 'content-type': 'application/x-tar' }, body: large })).toEqual({
      status: 200,
      body: { bytes: large.length },
    });
  });
});

const upgrade = 'Host: jocker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n';

describe('a hijacked connection', () => {
  test('is told 101 when the client asked for an upgrade, and outlives the half-close of its client', async () => {
    using client = connectRaw(server.socketPath);
    client.write(`POST /v1.41/containers/a/attach HTTP/1.1\r\n${upgrade}\r\nhello `);
    await client.until('HELLO ');
    client.write('world');
    client.end();
    const all = await client.closed();
    expect(
      all.startsWith(
        'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
      ),
    ).toBe(true);
    expect(all.endsWith('{"body":null,"upgraded":true}\nHELLO WORLDbye')).toBe(true);
  });

  test.each([
    ['in one piece with its body', ['HEAD{"Tty":true}in']],
    ['in pieces', ['HEAD', '{"Tty"', ':true}i', 'n']],
  ])('gives the JSON body to the route and the rest to the stream, sent %s', async (_how, pieces) => {
    for (const head of [upgrade, 'Host: jocker\r\n']) {
      using client = connectRaw(server.socketPath);
      const lines = `POST /exec/a/start HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 12\r\n\r\n`;
      for (const piece of pieces) {
        client.write(piece.replace('HEAD', lines));
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.end();
      const all = await client.closed();
      expect(all.startsWith(head === upgrade ? 'HTTP/1.1 101 ' : 'HTTP/1.1 200 OK')).toBe(true);
      expect(all.split('\r\n\r\n')[1]).toBe(`{"body":{"Tty":true},"upgraded":${head === upgrade}}\nINbye`);
    }
  });

  test('takes a chunked JSON body too', async () => {
    using client = connectRaw(server.socketPath);
    client.write(
      `POST /exec/a/start HTTP/1.1\r\n${upgrade}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nin`,
    );
    client.end();
    expect(await client.closed()).toContain('{"body":{},"upgraded":true}\nINbye');
  });

  test('streams a chunked body as stdin when the client asked for no upgrade', async () => {
    using client = connectRaw(server.socketPath);
    client.write('POST /containers/a/attach HTTP/1.1\r\nHost: jocker\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n');
    await client.until('HI');
    client.write('0\r\n\r\n');
    expect(await client.closed()).toContain('bye');
  });

  test('is answered as any other request when the route refuses, then ends', async () => {
    using client = connectRaw(server.socketPath);
    client.write(`POST /exec/unknown/start HTTP/1.1\r\n${upgrade}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`);
    const all = await client.closed();
    expect(all.startsWith('HTTP/1.1 404 ')).toBe(true);
    expect(all.endsWith('{"code":"not-found","message":"there is no unknown","details":{}}')).toBe(true);
  });

  test('with a body announced above 8 MiB is refused', async () => {
    using client = connectRaw(server.socketPath);
    client.write(`POST /exec/a/start HTTP/1.1\r\n${upgrade}Content-Length: 99999999\r\n\r\n`);
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('carries ten megabytes both ways byte for byte', async () => {
    using client = connectRaw(server.socketPath);
    client.write(`POST /containers/a/attach HTTP/1.1\r\n${upgrade}\r\n`);
    await client.until('upgraded');
    client.write(Buffer.alloc(10_000_000, 'abcdefghij'));
    client.end();
    const all = await client.closed();
    expect(all.slice(all.indexOf('\n', all.indexOf('upgraded')) + 1) === `${'ABCDEFGHIJ'.repeat(1_000_000)}bye`).toBe(true);
  });

  test('is refused to a browser', async () => {
    using client = connectRaw(server.socketPath);
    client.write(`POST /containers/a/attach HTTP/1.1\r\n${upgrade}Origin: http://x\r\n\r\n`);
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 403 /);
  });
});

test('an upgrade to a protocol that nobody speaks is an ordinary request', async () => {
  using client = connectRaw(server.socketPath);
  client.write('GET /info HTTP/1.1\r\nHost: jocker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  expect(await client.until('version')).toMatch(/^HTTP\/1\.1 200 OK/);
});

test('a websocket is answered by the route that accepts it', async () => {
  const socket = new WebSocket(`ws+unix://${server.socketPath}:/containers/a/attach/ws`);
  const answer = await new Promise<string>((resolve, reject) => {
    socket.on('error', reject).on('open', () => socket.send('hello'));
    socket.on('message', (data: Buffer) => resolve(data.toString()));
  });
  socket.terminate();
  expect(answer).toBe('HELLO');
});

test('closing the server ends connections that are open and removes the socket', async () => {
  const other = await createServer({} as Engine, {
    socketPath: join(directory, 'other.sock'),
    routes: [(scope) => void scope.get('/forever', (_asked, reply) => void reply.hijack().raw.write('x'))],
  });
  using client = connectRaw(other.socketPath);
  client.write('GET /forever HTTP/1.1\r\nHost: jocker\r\n\r\n');
  await client.until('x');
  await other.close();
  expect(await client.closed()).toContain('x');
  await expect(stat(other.socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
});
