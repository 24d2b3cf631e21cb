import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createNetServer, type Socket } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import { isJockerError, JockerError, type Engine, type Logger } from '@jocker/core';
import { withoutVersion } from './api-version.ts';
import { listenOnSocket } from './listen-on-socket.ts';
import { markPlainHijack } from './plain-hijack.ts';
import { addBodyParsers, jsonBodyMaxBytes } from './request-body.ts';
import type { RegisterRoutes } from './routes.ts';
import { codeOf, statusOf } from './status-of.ts';
import { describeSchemaErrors } from './describe-schema-errors.ts';
import { routeUpgrades, shouldUpgrade } from './upgraded-requests.ts';

export interface ServerOptions {
  readonly socketPath: string;
  /** The APIs, each in a scope of its own. */
  readonly routes: readonly RegisterRoutes[];
  readonly log?: Logger;
}

export interface JockerServer extends AsyncDisposable {
  readonly socketPath: string;
  /** Takes no more requests, ends every connection and removes the socket. */
  close(): Promise<void>;
}

/** Serves an engine on a unix socket. Listens when the promise resolves. */
export async function createServer(engine: Engine, options: ServerOptions): Promise<JockerServer> {
  const http = createHttpServer({ shouldUpgradeCallback: shouldUpgrade, requestTimeout: 0 });
  const app = createApp(http, options.log);
  for (const register of options.routes) await app.register(async (scope) => register(scope, engine));
  routeUpgrades(http, app);
  await app.ready();

  const connections = new Set<Socket>();
  const listener = createNetServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    handOver(socket, http);
  });
  await listenOnSocket(listener, options.socketPath);

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= new Promise<void>((resolve) => {
      listener.close(() => resolve());
      for (const socket of connections) socket.destroy();
    }).then(() => app.close()));
  return { socketPath: options.socketPath, close, [Symbol.asyncDispose]: close };
}

function createApp(http: HttpServer, log: Logger | undefined): FastifyInstance {
  const app = fastify({
    serverFactory: (handler) => http.on('request', handler),
    bodyLimit: jsonBodyMaxBytes,
    rewriteUrl: withoutVersion,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 4096 },
    schemaErrorFormatter: describeSchemaErrors,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
  });
  addBodyParsers(app);
  // A page in a browser can reach a local port or a forwarded socket; no program of ours sends this header.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.headers.origin === undefined) done();
    else done(new JockerError('permission-denied', `requests from a browser page (${request.headers.origin}) are refused`));
  });
  app.setErrorHandler((error: Error, request, reply) => {
    const status = statusOf(error);
    if (status === 500)
      log?.error('a request failed', { method: request.method, url: request.originalUrl, error: error.stack ?? error.message });
    const details = isJockerError(error) ? error.details : {};
    return reply.code(status).send({ code: codeOf(error), message: error.message, details });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ code: 'not-found', message: `there is no ${request.method} ${request.url}`, details: {} }),
  );
  return app;
}

/** Gives a connection to HTTP once its first bytes have been looked at. */
function handOver(socket: Socket, http: HttpServer): void {
  let seen: Buffer = Buffer.alloc(0);
  const drop = (): void => void socket.destroy();
  const look = (chunk: Buffer): void => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const bytes = markPlainHijack(seen);
    if (bytes === undefined) return;
    socket.off('data', look).off('error', drop).off('end', drop).pause();
    socket.unshift(bytes);
    http.emit('connection', socket);
    process.nextTick(() => socket.resume());
  };
  socket.on('data', look).on('error', drop).on('end', drop);
}
