import { once } from 'node:events';
import { JockerError } from '@jocker/protocol';
import { pathOf, type UnixSocket } from './unix-socket.ts';

export interface LeaseCalls {
  /**
   * A lease that ends when this process does, however it ends. It does not keep the process alive. Disposed of, it resolves when
   * everything that was made under it is gone.
   */
  open(): Promise<ConnectionLease>;
}

export interface ConnectionLease extends AsyncDisposable {
  /** Goes into `CreateRequest.lease`. */
  readonly id: string;
}

export function createLeaseCalls(socket: UnixSocket): LeaseCalls {
  return {
    async open() {
      const answer = await socket.send({ method: 'POST', path: '/leases', json: {} });
      const [line] = (await once(answer, 'data')) as [Buffer];
      const id = idOf(JSON.parse(line.toString()));
      answer.on('error', () => undefined);
      answer.socket.unref();
      return {
        id,
        async [Symbol.asyncDispose]() {
          try {
            await socket.json({ method: 'DELETE', path: pathOf('leases', id) });
          } finally {
            answer.destroy();
          }
        },
      };
    },
  };
}

function idOf(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string') return body.id;
  throw new JockerError('internal', 'the engine opened a lease without an id');
}
