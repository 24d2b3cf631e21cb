import { once } from 'node:events';
import type { FastifyReply } from 'fastify';
import { bodyOfError, encodeJsonFrame, encodeLogEntry, frameMediaType, frameType } from '@jocker/protocol';
import type { LogEntry } from '@jocker/core';
import { sendEvents, type ServerSentEvent } from '../http/server-sent-events.ts';
import { defineRoute, type NativeRoute } from './native-route.ts';
import { dateOf, dateTime, flag, isTrue, numberOf, present, query, wholeNumber, word } from './query-values.ts';
import { requireStream, serveProcess } from './serve-process.ts';

export async function* asData(values: AsyncIterable<unknown>): AsyncGenerator<ServerSentEvent> {
  for await (const data of values) yield { data };
}

export const containerStreamRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/containers/:id/logs',
    summary: 'Its output, as the log has it.',
    query: query({
      follow: flag('go on with what comes'),
      since: dateTime('ISO 8601'),
      until: dateTime('ISO 8601'),
      tail: wholeNumber('the last so many lines'),
      stdout: flag('true unless given'),
      stderr: flag('true unless given'),
      after: word('entries after this cursor'),
      byName: flag('the id is a name: when another container takes it, its log follows'),
    }),
    answers: 'frames of type `log`, then `error` if it failed half-way',
    async handle({ engine, params, query: asked, reply, whileConnected }) {
      const signal = whileConnected();
      const entries = engine.containers.logs(
        params.id,
        present({
          follow: isTrue(asked.follow),
          since: dateOf(asked.since),
          until: dateOf(asked.until),
          tail: numberOf(asked.tail),
          stdout: asked.stdout !== 'false',
          stderr: asked.stderr !== 'false',
          after: asked.after,
          byName: isTrue(asked.byName),
          signal,
        }),
      );
      return sendLog(reply, entries, signal);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id/stats/follow',
    summary: 'A sample each interval, until it ends or the client leaves.',
    query: query({ intervalMs: wholeNumber('1000 unless given') }),
    answers: 'server-sent events with a `ContainerStats` each',
    async handle({ engine, params, query: { intervalMs }, reply, whileConnected }) {
      await engine.containers.inspect(params.id);
      const signal = whileConnected();
      const samples = engine.containers.followStats(params.id, { signal, ...present({ intervalMs: numberOf(intervalMs) }) });
      await sendEvents(reply, asData(samples), { signal, describe: bodyOfError });
      return reply;
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/attach',
    summary: 'Its streams, also before it starts; the last frame is the code of its next exit.',
    query: query({ replay: flag('first what the log has'), stdin: flag('false unless given') }),
    answers: 'an upgraded connection with frames',
    async handle({ engine, params, query: { replay, stdin }, request, reply, whileConnected }) {
      requireStream(request);
      const signal = whileConnected();
      // Asked before the streams are there: a container that ends at once, or removes itself, must not be missed.
      const exit = engine.containers.wait(params.id, { condition: 'next-exit', signal });
      exit.catch(() => undefined);
      const streams = await engine.containers.attach(params.id, { replay: isTrue(replay), stdin: isTrue(stdin), signal });
      await serveProcess(request, reply, { streams, exited: () => exit, resize: (size) => engine.containers.resize(params.id, size) });
      return reply;
    },
  }),
];

/** An error before the first entry (an unknown container) is an ordinary answer; a later one is the last frame. */
async function sendLog(reply: FastifyReply, entries: AsyncIterable<LogEntry>, signal: AbortSignal): Promise<FastifyReply> {
  const { raw } = reply;
  const begin = (): void => {
    if (raw.headersSent) return;
    reply.hijack();
    raw.writeHead(200, { 'content-type': frameMediaType });
    raw.flushHeaders();
  };
  // A log that is followed may be silent for hours; its client must know by then that it is being followed.
  const timer = setTimeout(begin, 100);
  try {
    for await (const entry of entries) {
      begin();
      if (!raw.write(encodeLogEntry(entry))) await once(raw, 'drain', { signal });
    }
    begin();
  } catch (error) {
    if (!raw.headersSent) throw error;
    if (!signal.aborted) raw.write(encodeJsonFrame(frameType.error, bodyOfError(error)));
  } finally {
    clearTimeout(timer);
  }
  raw.end();
  return reply;
}
