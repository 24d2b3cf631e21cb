import type { FastifyReply } from 'fastify';

/** Fires when the client goes away before its answer is complete: for waits, follows and whatever else is only for it. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const left = (): void => {
    if (!reply.raw.writableFinished) controller.abort();
  };
  if (reply.raw.destroyed) left();
  else reply.raw.once('close', left);
  return controller.signal;
}
