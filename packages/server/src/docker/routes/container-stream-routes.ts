import { PassThrough, Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { JockerError, type ContainerStats } from '@jocker/core';
import { createWebSocketStream } from 'ws';
import { acceptWebSocket } from '../../http/accept-web-socket.ts';
import { clientSignal } from '../../http/client-signal.ts';
import { hijack } from '../../http/hijack.ts';
import { parseDetachKeys } from '../detach-keys.ts';
import type { DockerCall, DockerRoute } from '../docker-route.ts';
import { pumpStreams } from '../pump-streams.ts';
import { frameLogEntries } from '../frame-log-entries.ts';
import { streamContentType } from '../stream-frames.ts';
import { emptyStats, toDockerStats } from '../translate/stats.ts';
import { parseTimestamp } from '../translate/timestamps.ts';

const id = (call: DockerCall): string => call.params['id'] ?? '';

export const containerStreamRoutes: readonly DockerRoute[] = [
  {
    method: 'GET',
    path: '/containers/{id}/logs',
    summary: 'Logs; follow, tail, since, until, timestamps, split by stream.',
    support: 'yes',
    handle: sendLogs,
  },
  { method: 'POST', path: '/containers/{id}/attach', summary: 'Attach on the connection; `logs` replays.', support: 'yes', handle: attach },
  { method: 'GET', path: '/containers/{id}/attach/ws', summary: 'Attach on a websocket.', support: 'yes', handle: attachWebSocket },
  {
    method: 'GET',
    path: '/containers/{id}/stats',
    summary: 'Stats; stream, one-shot. A single sample does not wait for a second one.',
    support: 'yes',
    handle: sendStats,
  },
];

async function sendLogs(call: DockerCall): Promise<undefined> {
  const { engine, query, reply } = call;
  const [stdout, stderr] = [query.flag('stdout'), query.flag('stderr')];
  if (!stdout && !stderr) throw new JockerError('invalid-argument', 'Bad parameters: you must choose at least one stream');
  const container = await engine.containers.inspect(id(call));
  if (container.request.logging?.driver === 'none')
    throw new JockerError('unsupported', 'configured logging driver does not support reading');
  const tailText = query.text('tail');
  const tail = tailText === undefined || tailText === 'all' || !/^\d+$/.test(tailText) ? undefined : Number(tailText);
  const since = parseTimestamp(query.text('since'), 'since');
  const until = parseTimestamp(query.text('until'), 'until');
  const timestamps = query.flag('timestamps');
  const entries = engine.containers.logs(container.id, {
    follow: query.flag('follow'),
    stdout,
    stderr,
    signal: clientSignal(reply),
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  });
  const frames = Readable.from(frameLogEntries(entries, { tty: container.tty, timestamps }), { objectMode: false, highWaterMark: 1 << 18 });
  // A follower sees the head before the first line is written.
  reply.raw.on('close', () => frames.destroy());
  await reply.header('content-type', streamContentType(container.tty, call.version)).send(frames);
  return undefined;
}

interface AttachChoice {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

async function attach(call: DockerCall): Promise<undefined> {
  const { query } = call;
  const detachKeys = parseDetachKeys(query.text('detachKeys'));
  const container = await call.engine.containers.inspect(id(call));
  if (container.status === 'paused')
    throw new JockerError('failed-precondition', `container ${container.id} is paused, unpause the container before attach`);
  const choice: AttachChoice = { stdin: query.flag('stdin'), stdout: query.flag('stdout'), stderr: query.flag('stderr') };
  const contentType = streamContentType(container.tty, call.version);
  if (!query.flag('stream')) {
    const written = call.engine.containers.logs(container.id, { follow: false, stdout: choice.stdout, stderr: choice.stderr });
    const { socket } = hijack(call.request, call.reply, { contentType });
    if (query.flag('logs'))
      await pipeline(frameLogEntries(written, { tty: container.tty, timestamps: false }), socket).catch(() => socket.destroy());
    else socket.end();
    return undefined;
  }
  const streams = await call.engine.containers.attach(container.id, { replay: query.flag('logs'), stdin: choice.stdin });
  const { socket } = hijack(call.request, call.reply, { contentType });
  await pumpStreams(socket, streams, {
    ...choice,
    tty: container.tty,
    framed: !container.tty,
    detachKeys: container.tty ? detachKeys : Buffer.alloc(0),
  });
  return undefined;
}

async function attachWebSocket(call: DockerCall): Promise<undefined> {
  const { query } = call;
  const container = await call.engine.containers.inspect(id(call));
  const streams = await call.engine.containers.attach(container.id, { replay: query.flag('logs'), stdin: query.flag('stdin') });
  const socket = await acceptWebSocket(call.request, call.reply);
  if (socket === undefined) {
    await streams[Symbol.asyncDispose]();
    throw new JockerError('invalid-argument', 'the request is not a websocket handshake');
  }
  const connection: Duplex = createWebSocketStream(socket);
  // A websocket has frames of its own: bytes go raw, as Docker sends them.
  await pumpStreams(connection, streams, {
    stdin: query.flag('stdin'),
    stdout: query.flag('stdout'),
    stderr: query.flag('stderr'),
    tty: container.tty,
    framed: false,
    detachKeys: Buffer.alloc(0),
  });
  return undefined;
}

async function sendStats(call: DockerCall): Promise<unknown> {
  const { engine, query, reply } = call;
  const container = await engine.containers.inspect(id(call));
  const { host } = await engine.system.info();
  const version = host.cgroup.version === 'v2' ? 'v2' : 'v1';
  if (container.status !== 'running' && container.status !== 'paused') {
    const nothing = emptyStats(container);
    if (!query.flag('stream', true)) return nothing;
    await reply.header('content-type', 'application/json').send(`${JSON.stringify(nothing)}\n`);
    return undefined;
  }
  if (!query.flag('stream', true)) {
    const first = await engine.containers.stats(container.id);
    if (query.flag('one-shot')) return toDockerStats(first, undefined, version);
    // Two samples a tenth of a second apart give a true percentage; Docker takes a whole second or two for it.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return toDockerStats(await engine.containers.stats(container.id), first, version);
  }
  const output = new PassThrough();
  void reply.header('content-type', 'application/json').send(output);
  let previous: ContainerStats | undefined;
  try {
    for await (const stats of engine.containers.followStats(container.id, { signal: clientSignal(reply) })) {
      // A client that does not read gets the next one that it has room for.
      if (!output.writableNeedDrain) output.write(`${JSON.stringify(toDockerStats(stats, previous, version))}\n`);
      previous = stats;
    }
  } catch (error) {
    if (!reply.raw.destroyed) output.destroy(error as Error);
  } finally {
    output.end();
  }
  return undefined;
}
