import type { FastifyReply, FastifyRequest } from 'fastify';
import { JockerError, type Engine } from '@jocker/core';
import { apiVersionOf } from '../http/api-version.ts';
import type { RegisterRoutes } from '../http/routes.ts';
import { maxApiVersion, parseApiVersion } from './api-versions.ts';
import { dockerMessageOf, dockerStatusOf } from './docker-error.ts';
import { createPathMatcher } from './path-matcher.ts';
import { dockerRoutes } from './docker-routes.ts';
import { createQueryReader } from './query-reader.ts';

/**
 * The Docker Engine API. Names of images hold slashes, which a router by segments cannot tell from the rest of the path:
 * every path that nobody else answers comes here and is matched against Docker's own table.
 */
export const registerDockerRoutes: RegisterRoutes = (scope, engine) => {
  const match = createPathMatcher(dockerRoutes);
  scope.setErrorHandler((error, _request, reply) => sendError(error, reply));
  scope.addHook('onRequest', (_request, reply, done) => {
    reply.header('api-version', maxApiVersion).header('docker-experimental', 'false').header('ostype', 'linux').header('server', 'jocker');
    done();
  });
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => await answer(engine, match, request, reply);
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'HEAD'] as const) scope.route({ method, url: '/*', handler });
};

async function answer(
  engine: Engine,
  match: ReturnType<typeof createPathMatcher>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const version = parseApiVersion(apiVersionOf(request));
  const path = request.url.replace(/\?.*$/s, '');
  const found = match(request.method, path);
  if (found === undefined) throw new JockerError('not-found', 'page not found');
  const result = await found.route.handle({
    engine,
    request,
    reply,
    params: found.params,
    query: createQueryReader(request.url),
    body: request.body,
    version,
    options: { client: 'docker-api' },
  });
  if (reply.sent || result === undefined) return reply;
  return await sendJson(reply, result);
}

function sendError(error: unknown, reply: FastifyReply): FastifyReply {
  const status = dockerStatusOf(error);
  if (status === 304) return reply.code(304).send();
  return sendJson(reply.code(status), { message: dockerMessageOf(error) });
}

/** As bytes: the CLI takes an error for one only when its type is exactly this, and a text would get a charset. */
function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.header('content-type', 'application/json').send(Buffer.from(`${JSON.stringify(value)}\n`));
}
