import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Sends the head at once, for clients that wait for it before they go on; the caller writes and ends the rest. */
export function beginAnswer(reply: FastifyReply, contentType: string): ServerResponse {
  const { raw } = reply.hijack();
  raw.writeHead(200, { ...reply.getHeaders(), 'content-type': contentType });
  raw.flushHeaders();
  return raw;
}
