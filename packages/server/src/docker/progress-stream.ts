import type { FastifyReply } from 'fastify';
import { beginAnswer } from './begin-answer.ts';
import { dockerMessageOf, dockerStatusOf } from './docker-error.ts';

export interface ProgressStream {
  /** One line of JSON. */
  readonly send: (message: object) => void;
  /** One of many lines that the next one replaces: left out while the client does not read. */
  readonly sendNews: (message: object) => void;
}

/**
 * Docker's stream of progress messages. An error before the first message is an ordinary answer; after it, it is a message
 * with `errorDetail`, which is how clients notice it.
 */
export async function answerWithStream(reply: FastifyReply, work: (stream: ProgressStream) => Promise<void>): Promise<undefined> {
  let begun = false;
  const send = (message: object): void => {
    if (!begun) beginAnswer(reply, 'application/json');
    begun = true;
    if (!reply.raw.destroyed) reply.raw.write(`${JSON.stringify(message)}\r\n`);
  };
  const sendNews = (message: object): void => {
    if (!begun || !reply.raw.writableNeedDrain) send(message);
  };
  try {
    await work({ send, sendNews });
  } catch (error) {
    if (!begun) throw error;
    const message = dockerMessageOf(error);
    send({ errorDetail: { code: dockerStatusOf(error), message }, error: message });
  }
  if (begun) reply.raw.end();
  else await reply.header('content-type', 'application/json').send('');
  return undefined;
}
