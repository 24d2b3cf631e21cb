import { Type } from '@sinclair/typebox';
import { defineRoute, type NativeRoute } from './native-route.ts';
import { strict } from './schema-of.ts';

const text = Type.Optional(Type.String());
const textMap = Type.Optional(Type.Record(Type.String(), Type.String()));

export const volumeRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/volumes',
    summary: 'All volumes, with the containers that have each.',
    answers: '`VolumeView[]`',
    handle: ({ engine }) => engine.volumes.list(),
  }),
  defineRoute({
    method: 'POST',
    path: '/volumes',
    summary: 'Makes a volume; one of that name that is there already is answered as it is.',
    body: strict({ name: text, driver: text, labels: textMap, options: textMap }),
    answers: '`VolumeView`',
    handle: ({ engine, body, options }) => engine.volumes.create(body, options),
  }),
  defineRoute({
    method: 'POST',
    path: '/volumes/prune',
    summary: 'Removes volumes that nobody named and no container has; with `all` the others that no container has too.',
    body: strict({ all: Type.Optional(Type.Boolean()) }),
    answers: '`{ removed, reclaimedBytes }`',
    handle: ({ engine, body }) => engine.volumes.prune(body),
  }),
  defineRoute({
    method: 'GET',
    path: '/volumes/:name',
    summary: 'One volume.',
    answers: '`VolumeView`',
    handle: ({ engine, params }) => engine.volumes.inspect(params.name),
  }),
  defineRoute({
    method: 'GET',
    path: '/volumes/:name/size',
    summary: 'Bytes that it takes.',
    answers: '`{ sizeBytes }`',
    handle: async ({ engine, params }) => ({ sizeBytes: await engine.volumes.usageBytes(params.name) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/volumes/:name',
    summary: 'Removes it.',
    answers: 'nothing; 409 with reason `in-use` while a container has it',
    handle: ({ engine, params, options }) => engine.volumes.remove(params.name, options),
  }),
];
