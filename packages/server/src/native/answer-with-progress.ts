import type { FastifyReply, FastifyRequest } from 'fastify';
import { bodyOfError, progressMediaType, type ProgressLine } from '@jocker/protocol';

/**
 * Runs something that reports progress. A client that accepts lines gets each report it has room for and the result last; any
 * other gets the result alone. What fails before the first report is an ordinary error with its status.
 */
export async function answerWithProgress<Progress, Result>(
  request: FastifyRequest,
  reply: FastifyReply,
  run: (onProgress: (progress: readonly Progress[]) => void) => Promise<Result>,
): Promise<unknown> {
  if (request.headers.accept !== progressMediaType) return run(() => undefined);
  const { raw } = reply;
  const send = (line: ProgressLine<Progress, Result>): void => {
    if (!raw.headersSent) {
      reply.hijack();
      raw.writeHead(200, { 'content-type': progressMediaType });
    }
    raw.write(`${JSON.stringify(line)}\n`);
  };
  try {
    const result = await run((progress) => {
      if (!raw.writableNeedDrain && !raw.destroyed) send({ progress });
    });
    send({ result });
  } catch (error) {
    if (!raw.headersSent) throw error;
    send({ error: bodyOfError(error) });
  }
  raw.end();
  return reply;
}
