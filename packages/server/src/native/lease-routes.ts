import { once } from 'node:events';
import { defineRoute, type NativeRoute } from './native-route.ts';

export const leaseRoutes: readonly NativeRoute[] = [
  defineRoute({
    method: 'POST',
    path: '/leases',
    summary:
      'Opens a lease that lives as long as this connection: containers that name it are removed when the connection ends, however it ends.',
    answers: 'one line `{ id }`, and then nothing until the lease ends',
    async handle({ engine, reply, whileConnected }) {
      const connected = whileConnected();
      const { id } = await engine.leases.open();
      reply.hijack();
      reply.raw.writeHead(201, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
      reply.raw.write(`${JSON.stringify({ id })}\n`);
      if (!connected.aborted) await once(connected, 'abort');
      await engine.leases.end(id);
      return reply;
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/leases/:id',
    summary: 'Ends a lease.',
    answers: 'nothing, when all that was made under it is gone',
    handle: ({ engine, params }) => engine.leases.end(params.id),
  }),
];
