import { Type } from '@sinclair/typebox';
import { defineRoute, type NativeRoute } from './native-route.ts';
import { flag, isTrue, query, word } from './query-values.ts';
import { execCreateRequestSchema, terminalSizeSchema } from './request-schemas.ts';
import { strict } from './schema-of.ts';
import { requireStream, serveProcess } from './serve-process.ts';

export const execRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'POST',
    path: '/containers/:id/execs',
    summary: 'Creates an exec session in a running container.',
    body: execCreateRequestSchema,
    answers: '`{ id }`',
    handle: ({ engine, params, body, options }) => engine.execs.create(params.id, body, options),
  }),
  defineRoute({
    method: 'GET',
    path: '/execs',
    summary: 'Exec sessions, running or ended.',
    query: query({ container: word('those of one container') }),
    answers: '`ExecView[]`',
    handle: ({ engine, query: { container } }) => engine.execs.list(container),
  }),
  defineRoute({
    method: 'GET',
    path: '/execs/:id',
    summary: 'One exec session.',
    answers: '`ExecView`',
    handle: ({ engine, params }) => engine.execs.inspect(params.id),
  }),
  defineRoute({
    method: 'POST',
    path: '/execs/:id/start',
    summary: 'Runs it and attaches to it; it outlives the connection.',
    body: strict({ size: Type.Optional(terminalSizeSchema) }),
    answers: 'an upgraded connection with frames',
    async handle({ engine, params, body, request, reply, options }) {
      requireStream(request);
      const streams = await engine.execs.start(params.id, { ...options, ...body, attach: true });
      if (streams === undefined) return undefined;
      await serveProcess(request, reply, {
        streams,
        exited: () => engine.execs.wait(params.id),
        resize: (size) => engine.execs.resize(params.id, size),
      });
      return reply;
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/execs/:id/start-detached',
    summary: 'Runs it; its output goes to the scrollback of the session.',
    body: strict({ size: Type.Optional(terminalSizeSchema) }),
    answers: 'nothing',
    async handle({ engine, params, body, options }) {
      await engine.execs.start(params.id, { ...options, ...body, attach: false });
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/execs/:id/attach',
    summary: 'Attaches to a session that runs.',
    query: query({ replay: flag('first what the scrollback has (256 KiB, the newest)') }),
    answers: 'an upgraded connection with frames',
    async handle({ engine, params, query: { replay }, request, reply }) {
      requireStream(request);
      const streams = await engine.execs.attach(params.id, { replay: isTrue(replay) });
      await serveProcess(request, reply, {
        streams,
        exited: () => engine.execs.wait(params.id),
        resize: (size) => engine.execs.resize(params.id, size),
      });
      return reply;
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/execs/:id/resize',
    summary: 'Sets the size of its terminal.',
    body: terminalSizeSchema,
    answers: 'nothing',
    handle: ({ engine, params, body }) => engine.execs.resize(params.id, body),
  }),
  defineRoute({
    method: 'POST',
    path: '/execs/:id/kill',
    summary: 'Sends it a signal, by name or number.',
    body: strict({ signal: Type.Union([Type.String(), Type.Integer()]) }),
    answers: 'nothing',
    handle: ({ engine, params, body }) => engine.execs.kill(params.id, body.signal),
  }),
  defineRoute({
    method: 'POST',
    path: '/execs/:id/wait',
    summary: 'Waits for its end.',
    answers: '`{ exitCode }`',
    handle: ({ engine, params, whileConnected }) => engine.execs.wait(params.id, { signal: whileConnected() }),
  }),
];
