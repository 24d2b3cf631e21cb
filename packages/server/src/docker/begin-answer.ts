import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Sends the head at once, for clients that wait for it before they go on; the caller writes and ends the rest. */
export function beginAnswer(reply: FastifyReply, contentType: string): ServerResponse {
  const { raw } = reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(200, { 'content-type': contentType });
  raw.flushHeaders();
  return raw;
}
