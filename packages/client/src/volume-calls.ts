import type { VolumeCreateRequest, VolumeView } from '@jocker/protocol';
import { pathOf, type UnixSocket } from './unix-socket.ts';

export interface VolumeCalls {
  create(request: VolumeCreateRequest): Promise<VolumeView>;
  list(): Promise<readonly VolumeView[]>;
  inspect(name: string): Promise<VolumeView>;
  size(name: string): Promise<{ readonly sizeBytes: number }>;
  remove(name: string): Promise<void>;
  prune(options?: { readonly all?: boolean }): Promise<{ readonly removed: readonly string[]; readonly reclaimedBytes: number }>;
}

export function createVolumeCalls(socket: UnixSocket): VolumeCalls {
  return {
    create: (request) => socket.json({ method: 'POST', path: '/volumes', json: request }),
    list: () => socket.json({ method: 'GET', path: '/volumes' }),
    inspect: (name) => socket.json({ method: 'GET', path: pathOf('volumes', name) }),
    size: (name) => socket.json({ method: 'GET', path: pathOf('volumes', name, 'size') }),
    remove: (name) => socket.json({ method: 'DELETE', path: pathOf('volumes', name) }),
    prune: (options = {}) => socket.json({ method: 'POST', path: '/volumes/prune', json: options }),
  };
}
