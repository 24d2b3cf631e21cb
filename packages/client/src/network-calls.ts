import type { EndpointSettings, NetworkCreateRequest, NetworkView } from '@jocker/protocol';
import { pathOf, type UnixSocket } from './unix-socket.ts';

export interface NetworkCalls {
  create(request: NetworkCreateRequest): Promise<NetworkView>;
  list(): Promise<readonly NetworkView[]>;
  inspect(reference: string): Promise<NetworkView>;
  remove(reference: string): Promise<void>;
  connect(reference: string, container: string, settings?: EndpointSettings): Promise<void>;
  disconnect(reference: string, container: string): Promise<void>;
  prune(): Promise<{ readonly removed: readonly string[] }>;
}

export function createNetworkCalls(socket: UnixSocket): NetworkCalls {
  return {
    create: (request) => socket.json({ method: 'POST', path: '/networks', json: request }),
    list: () => socket.json({ method: 'GET', path: '/networks' }),
    inspect: (reference) => socket.json({ method: 'GET', path: pathOf('networks', reference) }),
    remove: (reference) => socket.json({ method: 'DELETE', path: pathOf('networks', reference) }),
    connect: (reference, container, settings = {}) =>
      socket.json({ method: 'POST', path: pathOf('networks', reference, 'connect'), json: { container, ...settings } }),
    disconnect: (reference, container) =>
      socket.json({ method: 'POST', path: pathOf('networks', reference, 'disconnect'), json: { container } }),
    prune: () => socket.json({ method: 'POST', path: '/networks/prune', json: {} }),
  };
}
