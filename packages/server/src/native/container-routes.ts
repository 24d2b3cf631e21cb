import { Type } from '@sinclair/typebox';
import type { LayerProgress } from '@jocker/core';
import { answerWithProgress } from './answer-with-progress.ts';
import { createRequestSchema } from './create-request-schema.ts';
import { defineRoute, type NativeRoute } from './native-route.ts';
import { flag, isTrue, query, word } from './query-values.ts';
import { credentialsSchema, resourceLimitsSchema, restartPolicySchema, terminalSizeSchema } from './request-schemas.ts';
import { strict } from './schema-of.ts';

const stopBody = strict({ timeoutSeconds: Type.Optional(Type.Integer({ minimum: -1 })), stopSignal: Type.Optional(Type.String()) });

export const containerRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/containers',
    summary: 'All containers, also stopped ones.',
    answers: '`ContainerView[]`',
    handle: ({ engine }) => engine.containers.list(),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers',
    summary: 'Creates a container, and pulls its image first if need be.',
    body: strict({ request: createRequestSchema, credentials: Type.Optional(credentialsSchema) }),
    answers: '`{ id, name, warnings }`; with `Accept: application/x-ndjson` lines with the progress of the pull',
    handle: ({ engine, body: { request: asked, ...rest }, request, reply, options }) =>
      answerWithProgress<LayerProgress, unknown>(request, reply, (onProgress) =>
        engine.containers.create(asked, { ...options, ...rest, onProgress }),
      ),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/dry-run',
    summary: 'The spec that a create would make, with the change that each mutator made. Nothing stays.',
    body: createRequestSchema,
    answers: '`{ spec, steps }`',
    handle: ({ engine, body, options }) => engine.containers.dryRun(body, options),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/prune',
    summary: 'Removes all stopped containers.',
    answers: '`{ removed, reclaimedBytes }`',
    handle: ({ engine }) => engine.containers.prune(),
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id',
    summary: 'One container, by name, id or id prefix.',
    answers: '`ContainerDetails`',
    handle: ({ engine, params }) => engine.containers.inspect(params.id),
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id/spec',
    summary: 'Its config.json, with the change that each mutator made.',
    answers: '`{ spec, steps }`',
    handle: ({ engine, params }) => engine.containers.spec(params.id),
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id/explain',
    summary: 'Who set each value of its config.json: the mutator that touched it last, and its plugin.',
    query: query({ path: word('a JSON pointer: what is at and below it') }),
    answers: '`SpecFieldOrigin[]`',
    handle: ({ engine, params, query: { path } }) => engine.containers.explain(params.id, path),
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id/size',
    summary: 'Bytes that it wrote, and of its whole root file system.',
    answers: '`{ writableBytes, rootBytes }`',
    handle: ({ engine, params }) => engine.containers.size(params.id),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/start',
    summary: 'Starts it.',
    answers: 'nothing; 409 with reason `not-modified` when it runs already',
    handle: ({ engine, params, options }) => engine.containers.start(params.id, options),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/stop',
    summary: 'Sends its stop signal, then SIGKILL after the time-out (0: at once, -1: never).',
    body: stopBody,
    answers: 'nothing; 409 with reason `not-modified` when it does not run',
    handle: ({ engine, params, body, options }) => engine.containers.stop(params.id, { ...options, ...body }),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/restart',
    summary: 'Stops it if it runs, and starts it.',
    body: stopBody,
    answers: 'nothing',
    handle: ({ engine, params, body, options }) => engine.containers.restart(params.id, { ...options, ...body }),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/kill',
    summary: 'Sends a signal, by name or number.',
    body: strict({ signal: Type.Union([Type.String(), Type.Integer()]) }),
    answers: 'nothing',
    handle: ({ engine, params, body, options }) => engine.containers.kill(params.id, body.signal, options),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/pause',
    summary: 'Freezes all its processes.',
    answers: 'nothing',
    handle: ({ engine, params, options }) => engine.containers.pause(params.id, options),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/unpause',
    summary: 'Lets them go on.',
    answers: 'nothing',
    handle: ({ engine, params, options }) => engine.containers.unpause(params.id, options),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/rename',
    summary: 'Gives it another name.',
    body: strict({ name: Type.String() }),
    answers: 'nothing',
    handle: ({ engine, params, body }) => engine.containers.rename(params.id, body.name),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/update',
    summary: 'Changes its limits while it runs.',
    body: strict({ resources: Type.Optional(resourceLimitsSchema), restartPolicy: Type.Optional(restartPolicySchema) }),
    answers: '`{ warnings }`',
    handle: ({ engine, params, body }) => engine.containers.update(params.id, body),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/wait',
    summary: 'Waits until it does not run, has ended once more, or is removed.',
    body: strict({
      condition: Type.Optional(Type.Union([Type.Literal('not-running'), Type.Literal('next-exit'), Type.Literal('removed')])),
    }),
    answers: '`{ exitCode, error? }`',
    handle: ({ engine, params, body, whileConnected }) => engine.containers.wait(params.id, { ...body, signal: whileConnected() }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/containers/:id',
    summary: 'Removes it.',
    query: query({ force: flag('kills it first when it runs'), volumes: flag('with its anonymous volumes') }),
    answers: 'nothing',
    handle: ({ engine, params, query: { force, volumes }, options }) =>
      engine.containers.remove(params.id, { ...options, force: isTrue(force), volumes: isTrue(volumes) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/resize',
    summary: 'Sets the size of its terminal.',
    body: terminalSizeSchema,
    answers: 'nothing',
    handle: ({ engine, params, body }) => engine.containers.resize(params.id, body),
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id/top',
    summary: 'Its processes.',
    query: query({ psArgs: word('as for ps(1): `-ef`, `aux`, `-o pid,comm`') }),
    answers: '`{ titles, processes }`',
    handle: ({ engine, params, query: { psArgs } }) => engine.containers.top(params.id, psArgs),
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id/stats',
    summary: 'One sample of what it uses.',
    answers: '`ContainerStats`',
    handle: ({ engine, params }) => engine.containers.stats(params.id),
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id/changes',
    summary: 'What it changed against its image.',
    answers: '`{ path, kind }[]`',
    handle: ({ engine, params }) => engine.containers.changes(params.id),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/commit',
    summary: 'Makes an image of it.',
    body: strict({
      reference: Type.Optional(Type.String()),
      author: Type.Optional(Type.String()),
      message: Type.Optional(Type.String()),
      pause: Type.Optional(Type.Boolean()),
      changes: Type.Optional(Type.Array(Type.String())),
    }),
    answers: '`{ imageId }`',
    handle: ({ engine, params, body, options }) => engine.containers.commit(params.id, { ...options, ...body }),
  }),
];
