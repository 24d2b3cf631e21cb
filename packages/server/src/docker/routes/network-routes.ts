import { asBoolean, asObject, asString, JockerError, optional, type Engine } from '@jocker/core';
import type { DockerRoute } from '../docker-route.ts';
import { matchesLabel, type Filters } from '../translate/filters.ts';
import { readEndpointSettings } from '../translate/endpoint-settings.ts';
import { builtInNetworks, readNetworkCreate, toDockerNetwork, type DockerNetwork } from '../translate/network.ts';
import { parseTimestamp } from '../translate/timestamps.ts';

async function allNetworks(engine: Engine): Promise<readonly DockerNetwork[]> {
  const real = await engine.networks.list();
  return [...real.map((view) => toDockerNetwork(view, false)), ...builtInNetworks(real)];
}

function selects(filters: Filters, { Name, Id, Driver, Labels, isUsed }: DockerNetwork): boolean {
  const isBuiltIn = ['bridge', 'host', 'none'].includes(Name);
  return (
    filters.any('name', (value) => Name.includes(value)) &&
    filters.any('id', (value) => Id.startsWith(value)) &&
    filters.any('driver', (value) => Driver === value) &&
    filters.any('scope', (value) => value === 'local') &&
    filters.any('type', (value) => (value === 'builtin') === isBuiltIn) &&
    filters.any('dangling', (value) => ['true', '1'].includes(value) !== isUsed()) &&
    filters.all('label', (value) => matchesLabel(Labels, value))
  );
}

export const networkRoutes: readonly DockerRoute[] = [
  {
    method: 'GET',
    path: '/networks',
    summary: 'Lists networks, with `none`, `host` and `bridge`.',
    support: 'yes',
    async handle({ engine, query }) {
      const filters = query.filters(['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type']);
      return (await allNetworks(engine)).filter((network) => selects(filters, network));
    },
  },
  {
    method: 'GET',
    path: '/networks/{id}',
    summary: 'Inspects a network; its containers are those that run.',
    support: 'yes',
    async handle({ engine, params }) {
      const wanted = params['id'] ?? '';
      const builtIn = builtInNetworks(await engine.networks.list()).find(({ Name, Id }) => Name === wanted || Id === wanted);
      return builtIn ?? toDockerNetwork(await engine.networks.inspect(wanted), true);
    },
  },
  {
    method: 'POST',
    path: '/networks/create',
    summary: 'Makes a network. IPv4; the drivers are `bridge` and what plugins bring.',
    support: 'partly',
    async handle({ engine, body, reply, options }) {
      const { id } = await engine.networks.create(readNetworkCreate(asObject(body, 'body')), options);
      void reply.code(201);
      return { Id: id, Warning: '' };
    },
  },
  {
    method: 'DELETE',
    path: '/networks/{id}',
    summary: 'Removes a network that no running container is on.',
    support: 'yes',
    async handle({ engine, params, reply, options }) {
      const id = params['id'] ?? '';
      if (['host', 'none'].includes(id)) throw new JockerError('permission-denied', `${id} is a pre-defined network and cannot be removed`);
      await engine.networks.remove(id, options);
      void reply.code(204).send();
      return undefined;
    },
  },
  {
    method: 'POST',
    path: '/networks/{id}/connect',
    summary: 'Connects a container, running or not; aliases, IPv4 address and MAC address.',
    support: 'yes',
    async handle({ engine, params, body, options }) {
      const { Container, EndpointConfig } = asObject(body, 'body');
      const settings = readEndpointSettings(optional(EndpointConfig, 'EndpointConfig', asObject) ?? {});
      await engine.networks.connect(params['id'] ?? '', asString(Container, 'Container'), settings, options);
      return '';
    },
  },
  {
    method: 'POST',
    path: '/networks/{id}/disconnect',
    summary: 'Takes a container off a network.',
    support: 'yes',
    async handle({ engine, params, body, options }) {
      const { Container, Force } = asObject(body, 'body');
      optional(Force, 'Force', asBoolean);
      await engine.networks.disconnect(params['id'] ?? '', asString(Container, 'Container'), options);
      return '';
    },
  },
  {
    method: 'POST',
    path: '/networks/prune',
    summary: 'Removes networks that no container belongs to; filters `label` and `until`.',
    support: 'yes',
    async handle({ engine, query }) {
      const filters = query.filters(['label', 'label!', 'until']);
      const until = parseTimestamp(filters.get('until')[0], 'until');
      const { removed } = await engine.networks.prune({
        filter: ({ labels, createdAt }) =>
          (until === undefined || Date.parse(createdAt) < until.getTime()) &&
          filters.all('label', (value) => matchesLabel(labels, value)) &&
          filters.all('label!', (value) => !matchesLabel(labels, value)),
      });
      return { NetworksDeleted: removed.length === 0 ? null : removed };
    },
  },
];
