import { JockerError } from '@jocker/core';
import type { DockerRoute } from '../docker-route.ts';
import { builtInNetworkId } from '../translate/network-id.ts';

/** What there is until there are networks, volumes and builds: clients list them at the start and must not stumble. */
const networks = ['host', 'none'].map((name) => ({
  Name: name,
  Id: builtInNetworkId(name),
  Created: '1970-01-01T00:00:00Z',
  Scope: 'local',
  Driver: name === 'none' ? 'null' : name,
  EnableIPv4: true,
  EnableIPv6: false,
  IPAM: { Driver: 'default', Options: null, Config: [] },
  Internal: false,
  Attachable: false,
  Ingress: false,
  ConfigFrom: { Network: '' },
  ConfigOnly: false,
  Containers: {},
  Options: {},
  Labels: {},
}));

export const networkRoutes: readonly DockerRoute[] = [
  {
    method: 'GET',
    path: '/networks',
    summary: 'Lists `none` and `host`.',
    support: 'partly',
    async handle({ query }) {
      const filters = query.filters(['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type']);
      return networks.filter(
        ({ Name, Id, Driver }) =>
          filters.any('name', (value) => Name.includes(value)) &&
          filters.any('id', (value) => Id.startsWith(value)) &&
          filters.any('driver', (value) => Driver === value) &&
          filters.any('type', (value) => value === 'builtin') &&
          !filters.has('label'),
      );
    },
  },
  {
    method: 'GET',
    path: '/networks/{id}',
    summary: 'Inspects `none` and `host`.',
    support: 'partly',
    async handle({ params }) {
      const wanted = params['id'] ?? '';
      const network = networks.find(({ Name, Id }) => Name === wanted || Id === wanted);
      if (network === undefined) throw new JockerError('not-found', `network ${wanted} not found`);
      return network;
    },
  },
  {
    method: 'POST',
    path: '/networks/prune',
    summary: 'There is nothing to remove.',
    support: 'partly',
    handle: async () => ({ NetworksDeleted: null }),
  },
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
