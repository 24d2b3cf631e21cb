import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { Type } from '@sinclair/typebox';
import { JockerError } from '@jocker/core';
import { defineRoute, type NativeRoute } from './native-route.ts';
import { flag, isTrue, numberOf, present, query, requiredWord, wholeNumber } from './query-values.ts';
import { strict } from './schema-of.ts';

const path = requiredWord('a path in the container');
const fileMaxBytes = 64 * 1024 * 1024;

export const containerFileRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/containers/:id/files/stat',
    summary: 'What is at a path.',
    query: query({ path, followLink: flag('the target of a symlink') }),
    answers: '`FileStat`',
    handle: ({ engine, params, query: asked }) =>
      engine.containers.files.stat(params.id, asked.path, { followLink: isTrue(asked.followLink) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id/files/list',
    summary: 'What is in a directory.',
    query: query({ path }),
    answers: '`FileStat[]`',
    handle: ({ engine, params, query: asked }) => engine.containers.files.list(params.id, asked.path),
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id/files/content',
    summary: 'The content of a file.',
    query: query({ path, maxBytes: wholeNumber('64 MiB unless given') }),
    answers: 'its bytes',
    handle: async ({ engine, params, query: asked, reply }) =>
      reply
        .type('application/octet-stream')
        .send(await engine.containers.files.read(params.id, asked.path, present({ maxBytes: numberOf(asked.maxBytes) }))),
  }),
  defineRoute({
    method: 'PUT',
    path: '/containers/:id/files/content',
    summary: 'Replaces the content of a file.',
    query: query({ path, create: flag('if it is not there'), overwrite: flag('if it is there') }),
    bodyStream: 'its bytes, 64 MiB at most',
    answers: 'nothing',
    handle: async ({ engine, params, query: asked, request }) =>
      engine.containers.files.write(params.id, asked.path, await boundedBody(request.body as Readable | undefined), {
        create: isTrue(asked.create),
        overwrite: isTrue(asked.overwrite),
      }),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/files/create-directory',
    summary: 'Makes a directory.',
    body: strict({ path: Type.String({ minLength: 1 }) }),
    answers: 'nothing',
    handle: ({ engine, params, body }) => engine.containers.files.createDirectory(params.id, body.path),
  }),
  defineRoute({
    method: 'POST',
    path: '/containers/:id/files/rename',
    summary: 'Moves a file or directory.',
    body: strict({ from: Type.String({ minLength: 1 }), to: Type.String({ minLength: 1 }), overwrite: Type.Boolean() }),
    answers: 'nothing',
    handle: ({ engine, params, body: { from, to, overwrite } }) => engine.containers.files.rename(params.id, from, to, { overwrite }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/containers/:id/files',
    summary: 'Removes a file or directory.',
    query: query({ path, recursive: flag('with everything in it') }),
    answers: 'nothing',
    handle: ({ engine, params, query: asked }) =>
      engine.containers.files.remove(params.id, asked.path, { recursive: isTrue(asked.recursive) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id/archive',
    summary: 'A file or directory as a tar, under its base name.',
    query: query({ path }),
    answers: 'a tar; header `jocker-file-stat`: a `FileStat`',
    async handle({ engine, params, query: asked, options, whileConnected, reply }) {
      const { stat, archive } = await engine.containers.files.readArchive(params.id, asked.path, { ...options, signal: whileConnected() });
      return reply
        .type('application/x-tar')
        .header('jocker-file-stat', encodeURIComponent(JSON.stringify(stat)))
        .send(archive);
    },
  }),
  defineRoute({
    method: 'PUT',
    path: '/containers/:id/archive',
    summary: 'Extracts a tar (plain, gzip, zstd or xz) into a directory.',
    query: query({
      path,
      noOverwriteDirNonDir: flag('refuse to put a directory where something else is, and the reverse'),
      copyOwner: flag('keep owners as the tar has them'),
    }),
    bodyStream: 'a tar',
    answers: 'nothing',
    handle: ({ engine, params, query: asked, request, options, whileConnected }) =>
      engine.containers.files.writeArchive(params.id, asked.path, request.body as Readable, {
        ...options,
        signal: whileConnected(),
        noOverwriteDirNonDir: isTrue(asked.noOverwriteDirNonDir),
        copyOwner: isTrue(asked.copyOwner),
      }),
  }),
  defineRoute({
    method: 'GET',
    path: '/containers/:id/export',
    summary: 'Its whole root file system.',
    answers: 'a tar',
    handle: async ({ engine, params, options, whileConnected, reply }) =>
      reply.type('application/x-tar').send(await engine.containers.export(params.id, { ...options, signal: whileConnected() })),
  }),
];

async function boundedBody(body: Readable | undefined): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  let bytes = 0;
  body.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > fileMaxBytes) body.destroy(new JockerError('resource-exhausted', `the content has more than ${fileMaxBytes} bytes`));
  });
  return buffer(body);
}
