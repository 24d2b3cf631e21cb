import { JockerError } from '@jocker/core';
import type { DockerRoute } from '../docker-route.ts';

const refused: readonly (readonly [why: string, ...routes: readonly `${DockerRoute['method']} ${string}`[]])[] = [
  ['images cannot be built yet; build elsewhere and load them', 'POST /build', 'POST /build/cancel', 'POST /session', 'POST /grpc'],
  ['there is no search of registries', 'GET /images/search'],
  ['manifests are not shown without the image', 'GET /distribution/{name*}/json'],
  ['this engine has no cluster volumes', 'PUT /volumes/{name}'],
  [
    'checkpoints are not supported',
    'GET /containers/{id}/checkpoints',
    'POST /containers/{id}/checkpoints',
    'DELETE /containers/{id}/checkpoints/{checkpoint}',
  ],
  [
    'this engine has no swarm',
    'GET /swarm',
    'POST /swarm/init',
    'POST /swarm/join',
    'POST /swarm/leave',
    'POST /swarm/update',
    'GET /swarm/unlockkey',
    'POST /swarm/unlock',
    'GET /nodes',
    'GET /nodes/{id}',
    'DELETE /nodes/{id}',
    'POST /nodes/{id}/update',
    'GET /services',
    'POST /services/create',
    'GET /services/{id}',
    'DELETE /services/{id}',
    'POST /services/{id}/update',
    'GET /services/{id}/logs',
    'GET /tasks',
    'GET /tasks/{id}',
    'GET /tasks/{id}/logs',
    'GET /secrets',
    'POST /secrets/create',
    'GET /secrets/{id}',
    'DELETE /secrets/{id}',
    'POST /secrets/{id}/update',
    'GET /configs',
    'POST /configs/create',
    'GET /configs/{id}',
    'DELETE /configs/{id}',
    'POST /configs/{id}/update',
  ],
  [
    "Docker's plugins are not supported; see the guide for plugins of this engine",
    'GET /plugins',
    'GET /plugins/privileges',
    'POST /plugins/pull',
    'GET /plugins/{name*}/json',
    'DELETE /plugins/{name*}',
    'POST /plugins/{name*}/enable',
    'POST /plugins/{name*}/disable',
    'POST /plugins/{name*}/upgrade',
    'POST /plugins/create',
    'POST /plugins/{name*}/push',
    'POST /plugins/{name*}/set',
  ],
];

export const refusedRoutes: readonly DockerRoute[] = refused.flatMap(([why, ...routes]) =>
  routes.map((route): DockerRoute => {
    const [method, path] = route.split(' ') as [DockerRoute['method'], string];
    return { method, path, summary: why, support: 'no', handle: () => Promise.reject(new JockerError('unsupported', why)) };
  }),
);
