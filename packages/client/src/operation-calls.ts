import type { OperationView } from '@jocker/protocol';
import { sentEvents } from './sent-events.ts';
import { pathOf, type UnixSocket } from './unix-socket.ts';

export interface OperationCalls {
  list(): Promise<readonly OperationView[]>;
  get(id: string): Promise<OperationView>;
  /** False when it had ended already. */
  cancel(id: string): Promise<boolean>;
  /** Its view at each change, the final one last. */
  follow(id: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<OperationView>;
}

export function createOperationCalls(socket: UnixSocket): OperationCalls {
  return {
    list: () => socket.json({ method: 'GET', path: '/operations' }),
    get: (id) => socket.json({ method: 'GET', path: pathOf('operations', id) }),
    cancel: async (id) =>
      (await socket.json<{ cancelled: boolean }>({ method: 'POST', path: pathOf('operations', id, 'cancel'), json: {} })).cancelled,
    follow: (id, { signal } = {}) => sentEvents<OperationView>(socket, { method: 'GET', path: pathOf('operations', id, 'follow'), signal }),
  };
}
