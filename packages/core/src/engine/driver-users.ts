import type { ContainerStore } from '../container/container-store.ts';
import type { NetworkStore } from '../network/network-store.ts';
import type { UsersOf } from '../plugin/plugin-rules.ts';
import type { VolumeStore } from '../volume/volume-store.ts';

interface Stores {
  readonly containers: Pick<ContainerStore, 'list'>;
  readonly networks: Pick<NetworkStore, 'list'>;
  readonly volumes: Pick<VolumeStore, 'list'>;
}

/** What was made with a driver and cannot be without it. */
export function createDriverUsers({ containers, networks, volumes }: Stores): UsersOf {
  const named = (kind: string, records: readonly { readonly name: string }[]): readonly string[] =>
    records.map(({ name }) => `${kind} ${name}`);
  return (point, driver) => {
    switch (point) {
      case 'runtimeBackend':
        return named(
          'container',
          containers.list().filter(({ runtime }) => runtime === driver),
        );
      case 'snapshotter':
        return named(
          'container',
          containers.list().filter(({ snapshotter }) => snapshotter === driver),
        );
      case 'networkDriver':
        return named(
          'network',
          networks.list().filter((network) => network.driver === driver),
        );
      case 'volumeDriver':
        return named(
          'volume',
          volumes.list().filter((volume) => volume.driver === driver),
        );
      default:
        return [];
    }
  };
}
