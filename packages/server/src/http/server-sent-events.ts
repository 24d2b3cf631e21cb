import { once } from 'node:events';
import type { FastifyReply } from 'fastify';

export interface ServerSentEvent {
  readonly id?: number;
  readonly data: unknown;
}

export interface EventStreamOptions {
  readonly signal: AbortSignal;
  /** What a stream that fails half-way says last, in an event called `error`. */
  readonly describe: (error: unknown) => unknown;
  /** Comments that show the client, and everything between, that the connection lives. */
  readonly heartbeatMs?: number;
}

/** Sends events as they come, no faster than the client reads, until they end or the client leaves. */
export async function sendEvents(reply: FastifyReply, events: AsyncIterable<ServerSentEvent>, options: EventStreamOptions): Promise<void> {
  const { signal, describe, heartbeatMs = 15_000 } = options;
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  raw.write(': connected\n\n');
  const heartbeat = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(': alive\n\n');
  }, heartbeatMs);
  try {
    for await (const { id, data } of events) {
      const text = `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
      if (!raw.write(text)) await once(raw, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) raw.write(`event: error\ndata: ${JSON.stringify(describe(error))}\n\n`);
  } finally {
    clearInterval(heartbeat);
    raw.end();
  }
}
