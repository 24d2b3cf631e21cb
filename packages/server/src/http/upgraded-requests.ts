import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { readMessageBody } from './message-body.ts';
import { plainHijack } from './plain-hijack.ts';

interface UpgradedRequest {
  readonly socket: Socket;
  readonly body: Buffer | undefined;
}

const upgradedRequests = new WeakMap<IncomingMessage, UpgradedRequest>();

/** The connection of a request that asked for one; undefined for any other request. */
export function connectionOf(request: IncomingMessage): Socket | undefined {
  return upgradedRequests.get(request)?.socket;
}

const protocols: ReadonlySet<string> = new Set(['tcp', 'websocket', 'jocker-stream', plainHijack]);

/** Node 24 asks this first; a protocol that nobody here speaks (h2c) leaves an ordinary request. */
export const shouldUpgrade = (request: IncomingMessage): boolean => protocols.has((request.headers.upgrade ?? '').toLowerCase());

/**
 * Sends upgrade requests through the same routes as all others: a route that calls `hijack` gets the connection, one that
 * answers (an error, say) answers as usual and the connection ends. The JSON body is read off the connection first; what
 * follows it belongs to the stream.
 */
export function routeUpgrades(server: Server, app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const body = upgradedRequests.get(request.raw)?.body;
    done(null, body === undefined ? payload : Object.assign(Readable.from([body]), { receivedEncodedLength: body.length }));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    readMessageBody(request.headers, socket, head).then(
      ({ body, rest }) => {
        if (socket.destroyed) return;
        if (rest.length > 0) socket.unshift(rest);
        upgradedRequests.set(request, { socket, body });
        const response = new ServerResponse(request);
        response.shouldKeepAlive = false;
        response.assignSocket(socket);
        response.once('finish', () => {
          if (!socket.destroyed) socket.destroySoon();
        });
        app.routing(request, response);
      },
      (error: unknown) => {
        const status = (error as { statusCode?: number }).statusCode ?? 400;
        socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroySoon());
      },
    );
  });
}
