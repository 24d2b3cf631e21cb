import { once } from 'node:events';
import type { FastifyReply } from 'fastify';
import { beginAnswer } from './begin-answer.ts';
import { dockerMessageOf, dockerStatusOf } from './docker-error.ts';

export interface ProgressStream {
  /** One line of JSON. */
  send(message: object): void;
}

/**
 * Docker's stream of progress messages. An error before the first message is an ordinary answer; after it, it is a message
 * with `errorDetail`, which is how clients notice it. The newest message of a slow client replaces those before it.
 */
export async function answerWithStream(reply: FastifyReply, work: (stream: ProgressStream) => Promise<void>): Promise<undefined> {
  let begun = false;
  const write = (message: object): void => {
    if (!begun) {
      begun = true;
      beginAnswer(reply, 'application/json');
    }
    // A client that does not read keeps nothing but what the socket holds.
    if (!reply.raw.destroyed && !reply.raw.writableNeedDrain) reply.raw.write(`${JSON.stringify(message)}\r\n`);
  };
  try {
    await work({ send: write });
  } catch (error) {
    if (!begun) throw error;
    const message = dockerMessageOf(error);
    if (reply.raw.writableNeedDrain && !reply.raw.destroyed) await Promise.race([once(reply.raw, 'drain'), once(reply.raw, 'close')]);
    write({ errorDetail: { code: dockerStatusOf(error), message }, error: message });
  }
  if (begun) reply.raw.end();
  else await reply.header('content-type', 'application/json').send('');
  return undefined;
}
