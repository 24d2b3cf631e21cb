import { Type } from '@sinclair/typebox';
import { defineRoute, type NativeRoute } from './native-route.ts';
import { endpointSettings } from './request-schemas.ts';
import { strict } from './schema-of.ts';

const text = Type.Optional(Type.String());

export const networkRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/networks',
    summary: 'All networks, with the containers that belong to each.',
    answers: '`NetworkView[]`',
    handle: ({ engine }) => engine.networks.list(),
  }),
  defineRoute({
    method: 'POST',
    path: '/networks',
    summary: 'Makes a network. What is left open is chosen: the driver that works, a subnet that is free.',
    body: strict({
      name: Type.String({ minLength: 1 }),
      driver: text,
      subnets: Type.Optional(Type.Array(strict({ subnet: text, gateway: text, range: text }))),
      internal: Type.Optional(Type.Boolean()),
      ipv6: Type.Optional(Type.Boolean()),
      labels: Type.Optional(Type.Record(Type.String(), Type.String())),
      options: Type.Optional(Type.Record(Type.String(), Type.String())),
    }),
    answers: '`NetworkView`',
    handle: ({ engine, body, options }) => engine.networks.create(body, options),
  }),
  defineRoute({
    method: 'POST',
    path: '/networks/prune',
    summary: 'Removes networks that no container belongs to.',
    answers: '`{ removed }`',
    handle: ({ engine }) => engine.networks.prune(),
  }),
  defineRoute({
    method: 'GET',
    path: '/networks/:id',
    summary: 'One network, by name, id or id prefix.',
    answers: '`NetworkView`',
    handle: ({ engine, params }) => engine.networks.inspect(params.id),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/networks/:id',
    summary: 'Removes it.',
    answers: 'nothing; 409 with reason `in-use` while a container runs on it',
    handle: ({ engine, params, options }) => engine.networks.remove(params.id, options),
  }),
  defineRoute({
    method: 'POST',
    path: '/networks/:id/connect',
    summary: 'Connects a container; one that runs is wired at once.',
    body: strict({ container: Type.String({ minLength: 1 }), ...endpointSettings }),
    answers: 'nothing',
    handle: ({ engine, params, body: { container, ...settings }, options }) =>
      engine.networks.connect(params.id, container, settings, options),
  }),
  defineRoute({
    method: 'POST',
    path: '/networks/:id/disconnect',
    summary: 'Takes a container off it.',
    body: strict({ container: Type.String({ minLength: 1 }) }),
    answers: 'nothing',
    handle: ({ engine, params, body, options }) => engine.networks.disconnect(params.id, body.container, options),
  }),
];
