import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { clientHeader, onDisconnectHeader } from '@jocker/protocol';
import { JockerError, type CallOptions, type Engine } from '@jocker/core';
import { clientSignal } from '../http/client-signal.ts';
import { jsonBodyMaxBytes } from '../http/request-body.ts';
import { nativeApi } from './native-api.ts';
import type { NativeRoute } from './native-route.ts';

/** Puts the native API on a server. */
export function registerNativeRoutes(scope: FastifyInstance, engine: Engine): void {
  for (const { prefix, routes } of nativeApi) {
    for (const route of routes) {
      const { method, path, query, body } = route;
      scope.route({
        method,
        url: `${prefix}${path}`,
        schema: { ...(query === undefined ? {} : { querystring: query }), ...(body === undefined ? {} : { body }) },
        ...(body === undefined ? {} : { preValidation: parseAnyJson }),
        handler: handlerOf(route, engine),
      });
    }
  }
}

function handlerOf(route: NativeRoute, engine: Engine): RouteHandlerMethod {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const whileConnected = (): AbortSignal => clientSignal(reply);
    const answer = await route.handle({
      engine,
      params: request.params,
      query: request.query,
      body: request.body,
      request,
      reply,
      options: optionsOf(request, whileConnected),
      whileConnected,
    });
    return answer === undefined ? reply.code(204).send() : answer;
  };
}

function optionsOf({ headers }: FastifyRequest, whileConnected: () => AbortSignal): CallOptions {
  const client = headers[clientHeader];
  return {
    ...(typeof client === 'string' ? { client: client.slice(0, 64) } : {}),
    ...(headers[onDisconnectHeader] === 'cancel' ? { signal: whileConnected() } : {}),
  };
}

/** Whatever the content type says (curl says form), a call that takes JSON gets JSON; no body is an empty object. */
async function parseAnyJson(request: FastifyRequest): Promise<void> {
  if (!(request.body instanceof Readable)) {
    request.body ??= {};
    return;
  }
  let bytes = 0;
  const body = request.body.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > jsonBodyMaxBytes) body.destroy(new JockerError('invalid-argument', `the body has more than ${jsonBodyMaxBytes} bytes`));
  });
  const json = await text(body);
  try {
    request.body = json === '' ? {} : (JSON.parse(json) as unknown);
  } catch (error) {
    throw new JockerError('invalid-argument', 'the body is not JSON', { cause: error });
  }
}
