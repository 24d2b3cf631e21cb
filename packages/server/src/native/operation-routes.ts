import { bodyOfError } from '@jocker/protocol';
import { sendEvents } from '../http/server-sent-events.ts';
import { asData } from './container-stream-routes.ts';
import { defineRoute, type NativeRoute } from './native-route.ts';

export const operationRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/operations',
    summary: 'Operations that run, and the newest that ended.',
    answers: '`OperationView[]`',
    handle: ({ engine }) => engine.operations.list(),
  }),
  defineRoute({
    method: 'GET',
    path: '/operations/:id',
    summary: 'One operation with its stages.',
    answers: '`OperationView`',
    handle: ({ engine, params }) => engine.operations.get(params.id),
  }),
  defineRoute({
    method: 'POST',
    path: '/operations/:id/cancel',
    summary: 'Cancels it; whatever it made half is undone.',
    answers: '`{ cancelled }`: false when it had ended',
    handle: async ({ engine, params }) => ({ cancelled: await engine.operations.cancel(params.id) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/operations/:id/follow',
    summary: 'Its view at each change, at most ten a second, the final one last.',
    answers: 'server-sent events with an `OperationView` each',
    async handle({ engine, params, reply, whileConnected }) {
      await engine.operations.get(params.id);
      const signal = whileConnected();
      await sendEvents(reply, asData(engine.operations.follow(params.id, signal)), { signal, describe: bodyOfError });
      return reply;
    },
  }),
];
