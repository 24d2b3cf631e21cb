import type { Readable } from 'node:stream';
import { Type } from '@sinclair/typebox';
import type { LayerProgress, PushProgress } from '@jocker/core';
import { answerWithProgress } from './answer-with-progress.ts';
import { defineRoute, type NativeRoute } from './native-route.ts';
import { flag, isTrue, listOf, present, query, word, words } from './query-values.ts';
import { credentialsSchema } from './request-schemas.ts';
import { strict } from './schema-of.ts';

const reference = Type.String({ minLength: 1 });

export const imageRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/images',
    summary: 'All images.',
    query: query({ all: flag('with those that only other images need') }),
    answers: '`ImageView[]`',
    handle: ({ engine, query: { all } }) => engine.images.list({ all: isTrue(all) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/images/:reference',
    summary: 'One image, by reference, id or id prefix (percent-encoded).',
    answers: '`ImageDetails`',
    handle: ({ engine, params }) => engine.images.inspect(params.reference),
  }),
  defineRoute({
    method: 'GET',
    path: '/images/:reference/history',
    summary: 'How an image was made.',
    answers: '`ImageHistoryView[]`',
    handle: ({ engine, params }) => engine.images.history(params.reference),
  }),
  defineRoute({
    method: 'POST',
    path: '/images/pull',
    summary: 'Pulls and unpacks an image.',
    body: strict({ reference, platform: Type.Optional(Type.String()), credentials: Type.Optional(credentialsSchema) }),
    answers: '`PullResult`; with `Accept: application/x-ndjson` lines of `PullLine`',
    handle: ({ engine, body: { reference: asked, ...rest }, request, reply, options }) =>
      answerWithProgress<LayerProgress, unknown>(request, reply, (onProgress) =>
        engine.images.pull(asked, { ...options, ...rest, onProgress }),
      ),
  }),
  defineRoute({
    method: 'POST',
    path: '/images/push',
    summary: 'Pushes an image to its registry.',
    body: strict({ reference, credentials: Type.Optional(credentialsSchema) }),
    answers: '`{ manifest, sizeBytes }`; with `Accept: application/x-ndjson` lines of `PushLine`',
    handle: ({ engine, body: { reference: asked, ...rest }, request, reply, options }) =>
      answerWithProgress<PushProgress, unknown>(request, reply, (onProgress) =>
        engine.images.push(asked, { ...options, ...rest, onProgress }),
      ),
  }),
  defineRoute({
    method: 'POST',
    path: '/images/tag',
    summary: 'Gives an image one more reference.',
    body: strict({ reference, newReference: Type.String({ minLength: 1 }) }),
    answers: 'nothing',
    handle: ({ engine, body }) => engine.images.tag(body.reference, body.newReference),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/images/:reference',
    summary: 'Untags an image; deletes it with its last reference.',
    query: query({ force: flag('also when a stopped container uses it'), prune: flag('with parents that nothing else needs') }),
    answers: '`RemovedImages`',
    handle: ({ engine, params, query: { force, prune } }) =>
      engine.images.remove(params.reference, { force: isTrue(force), prune: prune !== 'false' }),
  }),
  defineRoute({
    method: 'POST',
    path: '/images/prune',
    summary: 'Deletes images that no container uses.',
    body: strict({ danglingOnly: Type.Boolean() }),
    answers: '`{ untagged, deleted, reclaimedBytes }`',
    handle: ({ engine, body }) => engine.images.prune(body),
  }),
  defineRoute({
    method: 'POST',
    path: '/images/save',
    summary: 'One archive of images, which docker, podman and skopeo read.',
    body: strict({ references: Type.Array(reference, { minItems: 1 }) }),
    answers: 'a tar',
    handle: async ({ engine, body, options, whileConnected, reply }) =>
      reply.type('application/x-tar').send(await engine.images.save(body.references, { ...options, signal: whileConnected() })),
  }),
  defineRoute({
    method: 'POST',
    path: '/images/load',
    summary: 'Takes the images of an archive (docker-archive or oci-archive, plain or compressed).',
    bodyStream: 'a tar',
    answers: '`{ imageId, references }[]`',
    handle: ({ engine, request, options, whileConnected }) =>
      engine.images.load(request.body as Readable, { ...options, signal: whileConnected() }),
  }),
  defineRoute({
    method: 'POST',
    path: '/images/import',
    summary: 'Makes an image of a root file system.',
    bodyStream: 'a tar',
    query: query({
      reference: word('its name'),
      message: word('a comment'),
      platform: word('`os/architecture`'),
      change: words('a Dockerfile instruction such as `CMD ["sh"]`; may be repeated'),
    }),
    answers: '`{ imageId }`',
    handle: ({ engine, request, query: { change, ...rest }, options, whileConnected }) =>
      engine.images.import(request.body as Readable, { ...options, ...present(rest), changes: listOf(change), signal: whileConnected() }),
  }),
];
