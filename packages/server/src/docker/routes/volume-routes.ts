import { asObject, asString, asStringMap, optional, type VolumeView } from '@jocker/core';
import type { DockerRoute } from '../docker-route.ts';
import { matchesLabel, type Filters } from '../translate/filters.ts';

function toDockerVolume({ name, driver, createdAt, labels, options, hostPath }: VolumeView, usage?: object): object {
  return {
    CreatedAt: createdAt,
    Driver: driver,
    Labels: Object.keys(labels).length === 0 ? null : labels,
    Mountpoint: hostPath,
    Name: name,
    Options: Object.keys(options).length === 0 ? null : options,
    Scope: 'local',
    ...(usage === undefined ? {} : { UsageData: usage }),
  };
}

/** With how many containers have it, and how much it takes: for GET /system/df. */
export const toVolumeUsage = (volume: VolumeView & { readonly sizeBytes: number }): object =>
  toDockerVolume(volume, { RefCount: volume.usedBy.length, Size: volume.sizeBytes });

function selects(filters: Filters, { name, driver, labels, usedBy }: VolumeView): boolean {
  return (
    filters.any('name', (value) => name.includes(value)) &&
    filters.any('driver', (value) => driver === value) &&
    filters.all('label', (value) => matchesLabel(labels, value)) &&
    filters.any('dangling', (value) => ['true', '1'].includes(value) === (usedBy.length === 0))
  );
}

export const volumeRoutes: readonly DockerRoute[] = [
  {
    method: 'GET',
    path: '/volumes',
    summary: 'Lists volumes; filters `dangling`, `driver`, `label`, `name`.',
    support: 'yes',
    async handle({ engine, query }) {
      const filters = query.filters(['dangling', 'driver', 'label', 'name']);
      const volumes = (await engine.volumes.list()).filter((volume) => selects(filters, volume));
      return { Volumes: volumes.map((volume) => toDockerVolume(volume)), Warnings: null };
    },
  },
  {
    method: 'GET',
    path: '/volumes/{name}',
    summary: 'Inspects a volume.',
    support: 'yes',
    handle: async ({ engine, params }) => toDockerVolume(await engine.volumes.inspect(params['name'] ?? '')),
  },
  {
    method: 'POST',
    path: '/volumes/create',
    summary: 'Makes a volume; the drivers are `local` and what plugins bring. No cluster volumes.',
    support: 'yes',
    async handle({ engine, body, reply, options }) {
      const request = asObject(body, 'body');
      const name = optional(request['Name'], 'Name', asString) ?? '';
      const driver = optional(request['Driver'], 'Driver', asString) ?? '';
      const volume = await engine.volumes.create(
        {
          ...(name === '' ? {} : { name }),
          ...(driver === '' ? {} : { driver }),
          labels: optional(request['Labels'], 'Labels', asStringMap) ?? {},
          options: optional(request['DriverOpts'], 'DriverOpts', asStringMap) ?? {},
        },
        options,
      );
      void reply.code(201);
      return toDockerVolume(volume);
    },
  },
  {
    method: 'DELETE',
    path: '/volumes/{name}',
    summary: 'Removes a volume that no container has; `force` also one that is not there.',
    support: 'yes',
    async handle({ engine, params, query, reply, options }) {
      const name = params['name'] ?? '';
      const isThere = (await engine.volumes.list()).some((volume) => volume.name === name);
      if (isThere || !query.flag('force')) await engine.volumes.remove(name, options);
      void reply.code(204).send();
      return undefined;
    },
  },
  {
    method: 'POST',
    path: '/volumes/prune',
    summary: 'Removes volumes that nobody named and no container has; filters `all` and `label`.',
    support: 'yes',
    async handle({ engine, query, version: [major, minor] }) {
      const filters = query.filters(['all', 'label', 'label!']);
      // Before API 1.42 there was no difference between those with a name and those without.
      const all = filters.flag('all') ?? (major === 1 && minor < 42);
      const { removed, reclaimedBytes } = await engine.volumes.prune({
        all,
        filter: ({ labels }) =>
          filters.all('label', (value) => matchesLabel(labels, value)) && filters.all('label!', (value) => !matchesLabel(labels, value)),
      });
      return { VolumesDeleted: removed, SpaceReclaimed: reclaimedBytes };
    },
  },
  {
    method: 'POST',
    path: '/build/prune',
    summary: 'There is nothing to remove.',
    support: 'partly',
    handle: async () => ({ CachesDeleted: null, SpaceReclaimed: 0 }),
  },
];
