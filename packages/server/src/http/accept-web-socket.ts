import type { FastifyReply, FastifyRequest } from 'fastify';
import { WebSocketServer, type WebSocket } from 'ws';
import { connectionOf } from './upgraded-requests.ts';

const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: 1024 * 1024 });

/** Completes a websocket handshake. Undefined (and nothing answered yet) when the request is none. */
export function acceptWebSocket(request: FastifyRequest, reply: FastifyReply): Promise<WebSocket | undefined> {
  const socket = connectionOf(request.raw);
  if (socket === undefined || request.headers.upgrade?.toLowerCase() !== 'websocket') return Promise.resolve(undefined);
  reply.hijack();
  reply.raw.detachSocket(socket);
  return new Promise((resolve) => server.handleUpgrade(request.raw, socket, Buffer.alloc(0), resolve));
}
