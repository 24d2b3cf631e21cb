import { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { plainHijack } from './plain-hijack.ts';
import { connectionOf } from './upgraded-requests.ts';

export interface HijackedConnection {
  /** Both directions, raw. Its `end` event is the client's half-close; `end()` is ours. The caller handles `error` and `close`. */
  readonly socket: Duplex;
  /** The client asked for an upgrade and has been told `101`; otherwise `200`. */
  readonly upgraded: boolean;
}

/**
 * Answers the head and hands the connection to the caller: `101` with the protocol that the client asked for, or `200` for a
 * client that did not ask (then the connection is raw all the same, or, if the client announced a chunked body, that body and
 * a chunked answer). To be called at most once, instead of `reply.send`; a failure before it is answered as usual.
 */
export function hijack(request: FastifyRequest, reply: FastifyReply, options: { readonly contentType: string }): HijackedConnection {
  const socket = connectionOf(request.raw);
  reply.hijack();
  if (socket === undefined) return { socket: messageDuplex(request, reply, options.contentType), upgraded: false };
  reply.raw.detachSocket(socket);
  const protocol = request.headers.upgrade ?? '';
  const upgraded = protocol !== plainHijack;
  const head = [
    upgraded ? 'HTTP/1.1 101 UPGRADED' : 'HTTP/1.1 200 OK',
    `Content-Type: ${options.contentType}`,
    ...(upgraded ? ['Connection: Upgrade', `Upgrade: ${protocol}`] : []),
    ...Object.entries(reply.getHeaders()).map(([name, value]) => `${name}: ${String(value)}`),
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  return { socket, upgraded };
}

/** A request's body and its answer as one stream, for clients that speak HTTP to the end. */
function messageDuplex(request: FastifyRequest, reply: FastifyReply, contentType: string): Duplex {
  const { raw: body } = request;
  const { raw: answer } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) answer.setHeader(name, value);
  answer.writeHead(200, { 'content-type': contentType, connection: 'close' });
  answer.flushHeaders();
  const duplex = new Duplex({
    read: () => void body.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      if (answer.write(chunk)) done();
      else answer.once('drain', done);
    },
    final: (done) => void answer.end(done),
    destroy: (error, done) => {
      answer.destroy();
      done(error);
    },
  });
  body.on('data', (chunk: Buffer) => {
    if (!duplex.push(chunk)) body.pause();
  });
  body.once('end', () => duplex.push(null));
  answer.once('close', () => duplex.destroy());
  return duplex;
}
