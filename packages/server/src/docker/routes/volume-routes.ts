import { JockerError } from '@jocker/core';
import type { DockerRoute } from '../docker-route.ts';

/** What there is until there are volumes and builds: clients list them at the start and must not stumble. */
export const volumeRoutes: readonly DockerRoute[] = [
  {
    method: 'GET',
    path: '/volumes',
    summary: 'Lists none: there are no volumes yet.',
    support: 'partly',
    handle: async () => ({ Volumes: [], Warnings: null }),
  },
  {
    method: 'GET',
    path: '/volumes/{name}',
    summary: 'There are no volumes yet.',
    support: 'partly',
    handle: ({ params }) => Promise.reject(new JockerError('not-found', `get ${params['name'] ?? ''}: no such volume`)),
  },
  {
    method: 'POST',
    path: '/volumes/prune',
    summary: 'There is nothing to remove.',
    support: 'partly',
    handle: async () => ({ VolumesDeleted: [], SpaceReclaimed: 0 }),
  },
  {
    method: 'POST',
    path: '/build/prune',
    summary: 'There is nothing to remove.',
    support: 'partly',
    handle: async () => ({ CachesDeleted: null, SpaceReclaimed: 0 }),
  },
];
