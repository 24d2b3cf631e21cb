import { Type } from '@sinclair/typebox';
import type { RunAnswer } from '@jocker/protocol';
import { defineRoute, type NativeRoute } from './native-route.ts';
import { strict } from './schema-of.ts';

/** The two calls that jocker began with, at the root of the socket. */
export const walkthroughRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'POST',
    path: '/run',
    summary: 'Creates a container from an image and starts it.',
    body: strict({
      image: Type.String({ minLength: 1 }),
      name: Type.String({ minLength: 1 }),
      cmd: Type.Optional(Type.Array(Type.String())),
    }),
    answers: '`{ "status": "started", "name" }`',
    async handle({ engine, body: { image, name, cmd }, options }) {
      const { id } = await engine.containers.create({ image, name, ...(cmd === undefined ? {} : { command: cmd }) }, options);
      try {
        await engine.containers.start(id, options);
      } catch (error) {
        await engine.containers.remove(id, { ...options, force: true }).catch(() => undefined);
        throw error;
      }
      return { status: 'started', name } satisfies RunAnswer;
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/exec',
    summary: 'Runs a command in a running container.',
    body: strict({
      name: Type.String({ minLength: 1 }),
      cmd: Type.Array(Type.String(), { minItems: 1 }),
      user: Type.Optional(Type.String()),
      workingDir: Type.Optional(Type.String()),
      env: Type.Optional(Type.Array(Type.String())),
    }),
    answers: 'what the command wrote; its code in the header `jocker-exit-code` (a trailer)',
    async handle({ engine, body: { name, cmd, ...rest }, reply, options }) {
      const { id } = await engine.execs.create(name, { ...rest, command: cmd }, options);
      const streams = await engine.execs.start(id, { ...options, attach: true });
      const { raw } = reply;
      reply.hijack();
      raw.writeHead(200, { 'content-type': 'application/octet-stream', trailer: 'jocker-exit-code' });
      for await (const { data } of streams?.output ?? []) raw.write(data);
      raw.addTrailers({ 'jocker-exit-code': String((await engine.execs.wait(id)).exitCode) });
      raw.end();
      return reply;
    },
  }),
];
