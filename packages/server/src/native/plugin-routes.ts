import { Type } from '@sinclair/typebox';
import { defineRoute, type NativeRoute } from './native-route.ts';
import { strict } from './schema-of.ts';
import { specPermissions } from '@jocker/core';

const installBody = strict({
  use: Type.String({ minLength: 1 }),
  options: Type.Optional(Type.Unknown()),
  required: Type.Optional(Type.Boolean()),
  isolation: Type.Optional(Type.Union([Type.Literal('none'), Type.Literal('process')])),
  allow: Type.Optional(Type.Array(Type.Union(specPermissions.map((permission) => Type.Literal(permission))))),
});

export const pluginRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/plugins',
    summary: 'All plugins, also those that failed to load.',
    answers: '`PluginView[]`',
    handle: ({ engine }) => engine.plugins.list(),
  }),
  defineRoute({
    method: 'GET',
    path: '/plugins/usage',
    summary: 'What the calls of each plugin cost since it was loaded: calls, errors, time-outs, milliseconds, its breaker.',
    answers: '`PluginUsage[]`, the most time first',
    handle: ({ engine }) => engine.plugins.usage(),
  }),
  defineRoute({
    method: 'POST',
    path: '/plugins',
    summary: 'Installs a package, a tarball or a folder with the npm client, without running its scripts, and sets the plugin up.',
    body: installBody,
    answers: '`PluginView`; 403 when it asks for a permission that is not in `allow`',
    handle: ({ engine, body, options }) => engine.plugins.install(body, options),
  }),
  defineRoute({
    method: 'GET',
    path: '/plugins/:name',
    summary: 'One plugin, with the schema of its options and what its calls cost.',
    answers: '`PluginDetails`',
    handle: ({ engine, params }) => engine.plugins.inspect(params.name),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/plugins/:name',
    summary: 'Removes it, after the operations that use it have ended.',
    answers: 'nothing; 409 with reason `in-use` while something was made with its drivers',
    handle: ({ engine, params, options }) => engine.plugins.remove(params.name, options),
  }),
];
