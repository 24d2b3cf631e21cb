import { familiarReference, type ContainerView } from '@jocker/core';
import { humanAge } from './human-age.ts';
import { toNetworks } from './container-endpoints.ts';
import { toPortList } from './port-bindings.ts';
import { unixSeconds } from './timestamps.ts';

export interface ContainerSize {
  readonly writableBytes: number;
  readonly rootBytes: number;
}

/** One entry of GET /containers/json. */
export function toContainerSummary(container: ContainerView, size?: ContainerSize): object {
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: familiarReference(container.image),
    ImageID: container.imageId,
    Command: quoteCommand(container.command),
    Created: unixSeconds(container.createdAt),
    Ports: toPortList(container),
    ...(size === undefined ? {} : { SizeRw: size.writableBytes, SizeRootFs: size.rootBytes }),
    Labels: container.labels,
    State: container.status,
    Status: statusText(container),
    HostConfig: { NetworkMode: container.network },
    NetworkSettings: { Networks: toNetworks(container) },
    Mounts: container.mounts.map(toMountPoint),
  };
}

export function toMountPoint(mount: ContainerView['mounts'][number]): object {
  return {
    Type: mount.type,
    ...(mount.volume === undefined ? {} : { Name: mount.volume }),
    Source: mount.source,
    Destination: mount.target,
    ...(mount.driver === undefined ? {} : { Driver: mount.driver }),
    Mode: mount.readonly ? 'ro' : mount.type === 'volume' ? 'z' : '',
    RW: !mount.readonly,
    Propagation: mount.propagation,
  };
}

export function statusText(container: ContainerView, now: number = Date.now()): string {
  const since = (time: string | null): string => humanAge(now - Date.parse(time ?? container.createdAt));
  switch (container.status) {
    case 'running':
      return `Up ${since(container.startedAt)}${healthText(container.health)}`;
    case 'paused':
      return `Up ${since(container.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${container.exitCode ?? 0}) ${since(container.finishedAt)} ago`;
    case 'exited':
      return `Exited (${container.exitCode ?? 0}) ${since(container.finishedAt)} ago`;
    case 'created':
      return 'Created';
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    default: {
      const missed: never = container.status;
      return missed;
    }
  }
}

const healthText = (health: ContainerView['health']): string =>
  health === null ? '' : health === 'starting' ? ' (health: starting)' : ` (${health})`;

/** Words with spaces are quoted, as Docker does. */
function quoteCommand(command: readonly string[]): string {
  return command.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' ');
}
