import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJockerClient, type JockerClient } from '@jocker/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { containerView, snapshot } from '../testing/views.ts';
import { EngineConnection, type ConnectionState } from './engine-connection.ts';

let directory: string;
let socketPath: string;
const opened: { dispose(): Promise<void> }[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-connection-'));
  socketPath = join(directory, 'engine.sock');
});
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.dispose();
  await rm(directory, { recursive: true, force: true });
});

function connect(
  createClient = (path: string): JockerClient => createJockerClient({ socketPath: path, client: 'test' }),
): EngineConnection {
  const connection = new EngineConnection({ name: 'local', socketPath, createClient });
  opened.push({ dispose: async () => connection[Symbol.dispose]() });
  connection.connect();
  return connection;
}

async function reaches(connection: EngineConnection, state: ConnectionState): Promise<void> {
  await expect.poll(() => connection.state, { timeout: 15_000 }).toBe(state);
}

interface ScriptedEngine {
  protocolVersion?: number;
  readonly snapshots: ReturnType<typeof snapshot>[];
  /** Answers `events?since=`; without it the stream stays open and says nothing. */
  events?: (since: number, response: ServerResponse) => void;
}

/** Speaks the three calls that a connection makes. */
async function serve(engine: ScriptedEngine): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://engine');
    const json = (value: unknown): void => void response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    if (url.pathname.endsWith('/handshake')) {
      return json({ version: '0.1.0', protocolVersion: engine.protocolVersion ?? 1, engineId: 'e1', plugins: [], capabilities: [] });
    }
    if (url.pathname.endsWith('/snapshot')) return json(engine.snapshots.length > 1 ? engine.snapshots.shift() : engine.snapshots[0]);
    if (!url.pathname.endsWith('/events')) return void response.writeHead(404).end();
    if (engine.events === undefined) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    } else engine.events(Number(url.searchParams.get('since')), response);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  opened.push({
    async dispose() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return server;
}

const removed = (seq: number, containerId: string): string =>
  `id: ${seq}\ndata: ${JSON.stringify({
    seq,
    time: '2026-01-01T00:00:00.000Z',
    name: 'container:removed',
    operationId: null,
    event: { containerId, name: 'web', image: 'host:busybox', labels: {} },
  })}\n\n`;

describe('a connection', () => {
  test('says that there is no engine when there is no socket', async () => {
    const connection = connect();
    await reaches(connection, 'no-engine');
    expect(connection.problem).toBe(`there is no socket at ${socketPath}`);
  });

  test('says that there is no engine when nothing listens on the socket', async () => {
    await writeFile(socketPath, '');
    await reaches(connect(), 'no-engine');
  });

  test('says that the socket may not be opened', async () => {
    const cause = Object.assign(new Error('connect EACCES'), { code: 'EACCES', syscall: 'connect' });
    const denied = Promise.reject.bind(Promise, new Error('the engine cannot be reached', { cause }));
    await reaches(
      connect(() => ({ system: { handshake: denied } }) as unknown as JockerClient),
      'no-permission',
    );
  });

  test('is refused by what is no engine', async () => {
    const server = createServer((_request, response) => void response.writeHead(404, { 'content-type': 'text/html' }).end('<html>'));
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    opened.push({ dispose: async () => void server.close() });
    await reaches(connect(), 'refused');
  });

  test('does not speak to an engine of another protocol', async () => {
    await serve({ protocolVersion: 99, snapshots: [snapshot()] });
    await reaches(connect(), 'incompatible');
  });

  test('finds an engine that comes later', async () => {
    const connection = connect();
    await reaches(connection, 'no-engine');
    await serve({ snapshots: [snapshot({ seq: 5, containers: [containerView()] })] });
    await reaches(connection, 'connected');
    expect(connection.model.state.containers.size).toBe(1);
  });

  test('goes on after the last event when the stream breaks, without another snapshot', async () => {
    const asked: number[] = [];
    await serve({
      snapshots: [snapshot({ seq: 5, containers: [containerView({ id: 'a' }), containerView({ id: 'b' })] })],
      events(since, response) {
        asked.push(since);
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(removed(since + 1, since === 5 ? 'a' : 'b'));
        if (since === 5) response.end();
      },
    });
    const connection = connect();
    await expect.poll(() => connection.model.seq, { timeout: 15_000 }).toBe(7);
    expect([asked, connection.model.state.containers.size]).toEqual([[5, 6], 0]);
  });

  test('takes a snapshot when the events that it missed are gone', async () => {
    await serve({
      snapshots: [snapshot({ seq: 5, containers: [containerView()] }), snapshot({ seq: 90 })],
      events(since, response) {
        if (since === 5)
          response
            .writeHead(410, { 'content-type': 'application/json' })
            .end(JSON.stringify({ code: 'failed-precondition', message: 'gone', details: {} }));
        else response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      },
    });
    const connection = connect();
    await expect.poll(() => connection.model.seq, { timeout: 15_000 }).toBe(90);
    expect(connection.model.state.containers.size).toBe(0);
  });
});
