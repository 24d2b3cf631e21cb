import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { ContainerDeps } from '../container/container-deps.ts';
import { toContainerView } from '../container/container-view.ts';
import type { LifecycleBus } from '../events/lifecycle-bus.ts';
import type { ImageStore } from '../image/image-store.ts';
import { goArchitecture } from '../spec/go-architecture.ts';
import type { VolumeApi } from '../volume/volume-api.ts';
import type { NetworkApi } from '../network/network-api.ts';
import type { PluginHost } from '../plugin/plugin-host.ts';
import type { PluginView, ContainerApi, EngineInfo, ExecApi, ImageApi, OperationApi, SystemApi } from './engine.ts';
import type { EngineConfig } from './engine-options.ts';

export interface EngineSystemDeps {
  readonly version: string;
  readonly engineId: string;
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly startedAt: string;
  readonly config: EngineConfig;
  readonly plugins: PluginHost;
  readonly bus: LifecycleBus;
  readonly deps: ContainerDeps;
  readonly imageStore: ImageStore;
  readonly images: Pick<ImageApi, 'list'>;
  readonly containers: Pick<ContainerApi, 'size'>;
  readonly networks: Pick<NetworkApi, 'list'>;
  readonly volumes: Pick<VolumeApi, 'list' | 'usageBytes'>;
  readonly execs: Pick<ExecApi, 'list'>;
  readonly operations: Pick<OperationApi, 'list'>;
}

export function createEngineSystem(system: EngineSystemDeps): Omit<SystemApi, 'authenticate'> {
  const { deps, bus } = system;
  return {
    async info() {
      const [runtimes, snapshotters, networkDrivers, volumeDrivers, osRelease] = await Promise.all([
        deps.drivers.runtimes.describe(),
        deps.drivers.snapshotters.describe(),
        deps.drivers.networks.describe(),
        deps.drivers.volumes.describe(),
        readOsRelease(),
      ]);
      const statuses = deps.store.list().map(({ status }) => status);
      const count = (...wanted: readonly string[]): number => statuses.filter((status) => wanted.includes(status)).length;
      const counts = { total: statuses.length, running: count('running', 'restarting'), paused: count('paused') };
      return {
        version: system.version,
        engineId: system.engineId,
        dataRoot: system.dataRoot,
        runRoot: system.runRoot,
        startedAt: system.startedAt,
        host: { ...deps.host, hostname: hostname(), osRelease, architecture: goArchitecture(process.arch) },
        runtimes,
        snapshotters,
        networkDrivers,
        volumeDrivers,
        plugins: system.plugins.views,
        containers: { ...counts, stopped: counts.total - counts.running - counts.paused },
        images: system.imageStore.list().length,
        insecureRegistries: system.config.insecureRegistries ?? [],
        mirrors: Object.keys(system.config.mirrors ?? {}),
        warnings: [
          ...warningsOf(runtimes, snapshotters, networkDrivers.some(({ usable }) => usable) ? [] : networkDrivers, volumeDrivers),
          ...pluginWarnings(system.plugins.views),
        ],
      };
    },
    async snapshot() {
      // One moment: all of these look at memory before they give up the thread, so that no event falls between them.
      const lists = [
        system.images.list(),
        system.networks.list(),
        system.volumes.list(),
        system.execs.list(),
        system.operations.list(),
      ] as const;
      const seq = bus.lastSeq;
      const containers = deps.store.list().map(toContainerView);
      const [images, networks, volumes, execs, operations] = await Promise.all(lists);
      return { seq, engineId: system.engineId, containers, images, networks, volumes, execs, operations };
    },
    async diskUsage() {
      const images = await system.images.list();
      const records = deps.store.list();
      const containers = await Promise.all(
        records.map(async (record) => ({ ...toContainerView(record), ...(await system.containers.size(record.id)) })),
      );
      const layersBytes = await bytesOfLayers(deps);
      return {
        layersBytes,
        images: images.map((image) => ({ ...image, sharedBytes: sharedBytesOf(image.id, system.imageStore) })),
        containers,
        volumes: await Promise.all(
          (await system.volumes.list()).map(async (volume) => ({
            ...volume,
            sizeBytes: await system.volumes.usageBytes(volume.name).catch(() => 0),
          })),
        ),
      };
    },
  };
}

/** Of layers that another image has too. */
function sharedBytesOf(id: string, store: ImageStore): number {
  const owners = new Map<string, number>();
  for (const { config } of store.list()) for (const diffId of config.rootfs.diffIds) owners.set(diffId, (owners.get(diffId) ?? 0) + 1);
  const record = store.list().find((image) => image.id === id);
  return (record?.config.rootfs.diffIds ?? []).reduce(
    (sum, diffId, index) => ((owners.get(diffId) ?? 0) > 1 ? sum + (record?.layerSizesBytes[index] ?? 0) : sum),
    0,
  );
}

async function bytesOfLayers(deps: ContainerDeps): Promise<number> {
  let bytes = 0;
  for (const { value: snapshotter } of await deps.drivers.snapshotters.usable()) {
    for (const layer of (await snapshotter.list()).layers) bytes += await snapshotter.layerUsage(layer).catch(() => 0);
  }
  return bytes;
}

function warningsOf(...kinds: readonly EngineInfo['runtimes'][]): readonly string[] {
  return kinds.flat().flatMap(({ name, usable, detail }) => (usable ? [] : [`${name} cannot be used: ${detail}`]));
}

function pluginWarnings(views: readonly PluginView[]): readonly string[] {
  return views.flatMap(({ name, state, error }) => {
    if (state === 'loaded') return [];
    return [state === 'failed' ? `plugin ${name} was left out: ${error ?? ''}` : `plugin ${name} fails again and again: ${error ?? ''}`];
  });
}

async function readOsRelease(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'Linux';
}
