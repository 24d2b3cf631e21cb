import { capabilities, protocolVersion, type Handshake } from '@jocker/protocol';
import { isJockerError, type EventEnvelope } from '@jocker/core';
import { bodyOfError } from '@jocker/protocol';
import { sendEvents, type ServerSentEvent } from '../http/server-sent-events.ts';
import { defineRoute, type NativeRoute } from './native-route.ts';
import { dateOf, dateTime, flag, isTrue, numberOf, present, query, wholeNumber } from './query-values.ts';
import { credentialsSchema } from './request-schemas.ts';

async function* withId(events: AsyncIterable<EventEnvelope>): AsyncGenerator<ServerSentEvent> {
  for await (const envelope of events) yield { id: envelope.seq, data: envelope };
}

export const systemRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/handshake',
    summary: 'Who answers here, and what it can do.',
    answers: '`Handshake`',
    async handle({ engine }) {
      const { version, engineId, plugins } = await engine.system.info();
      return { version, protocolVersion, engineId, plugins, capabilities } satisfies Handshake;
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/info',
    summary: 'The engine, its host, drivers and plugins.',
    answers: '`EngineInfo`',
    handle: ({ engine }) => engine.system.info(),
  }),
  defineRoute({
    method: 'GET',
    path: '/snapshot',
    summary: 'Everything there is, valid at `seq`: follow events from there.',
    answers: '`EngineSnapshot`',
    handle: ({ engine }) => engine.system.snapshot(),
  }),
  defineRoute({
    method: 'GET',
    path: '/disk-usage',
    summary: 'Bytes of images and of what containers wrote.',
    answers: '`{ layersBytes, images, containers }`',
    handle: ({ engine }) => engine.system.diskUsage(),
  }),
  defineRoute({
    method: 'POST',
    path: '/authenticate',
    summary: 'Checks credentials against their registry.',
    body: credentialsSchema,
    answers: '`{ status, identityToken }`',
    handle: ({ engine, body, options }) => engine.system.authenticate(body, options),
  }),
  defineRoute({
    method: 'GET',
    path: '/events',
    summary:
      'Events after `since` (or after the header `Last-Event-ID`; without either, from now on), then live ones, each once and in order. 410 when `since` is older than the log: take a snapshot.',
    query: query({ since: wholeNumber('a seq'), progress: flag('with `image:progress`, which is not kept in the log') }),
    answers: 'server-sent events: `id` the seq, `data` an `EventEnvelope`; a comment every 15 seconds',
    async handle({ engine, query: { since, progress }, request, reply, whileConnected }) {
      const after = numberOf(since) ?? lastEventId(request.headers['last-event-id']);
      const signal = whileConnected();
      let events: AsyncIterable<EventEnvelope>;
      try {
        events = engine.events.follow({ ...present({ since: after }), signal, includeProgress: isTrue(progress) });
      } catch (error) {
        if (!isJockerError(error, 'failed-precondition')) throw error;
        return reply.code(410).send(bodyOfError(error));
      }
      await sendEvents(reply, withId(events), { signal, describe: bodyOfError });
      return reply;
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/events/range',
    summary: 'Kept events between two times, oldest first, at most the newest `limit`.',
    query: query({ from: dateTime('ISO 8601'), to: dateTime('ISO 8601'), limit: wholeNumber('10,000 unless given') }),
    answers: '`EventEnvelope[]`',
    handle: ({ engine, query: { from, to, limit } }) =>
      engine.events.range(present({ from: dateOf(from), to: dateOf(to), limit: numberOf(limit) })),
  }),
];

function lastEventId(header: string | readonly string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
