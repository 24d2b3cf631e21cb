import { familiarReference, type ContainerView } from '@jocker/core';
import { humanAge } from './human-age.ts';
import { builtInNetworkId } from './network-id.ts';
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
    Ports: [],
    ...(size === undefined ? {} : { SizeRw: size.writableBytes, SizeRootFs: size.rootBytes }),
    Labels: container.labels,
    State: container.status,
    Status: statusText(container),
    HostConfig: { NetworkMode: container.network },
    NetworkSettings: { Networks: toNetworks(container) },
    Mounts: container.mounts.map(toMountPoint),
  };
}

/** Its place in a network that has no addresses; Docker fills in the network with the first start. */
export function toNetworks({ network, startedAt }: Pick<ContainerView, 'network' | 'startedAt'>): object {
  return {
    [network]: {
      IPAMConfig: null,
      Links: null,
      Aliases: null,
      MacAddress: '',
      DriverOpts: null,
      GwPriority: 0,
      NetworkID: startedAt === null ? '' : builtInNetworkId(network),
      EndpointID: '',
      Gateway: '',
      IPAddress: '',
      IPPrefixLen: 0,
      IPv6Gateway: '',
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
      DNSNames: null,
    },
  };
}

export function toMountPoint(mount: ContainerView['mounts'][number]): object {
  return {
    Type: mount.type,
    Source: mount.source,
    Destination: mount.target,
    Mode: mount.readonly ? 'ro' : '',
    RW: !mount.readonly,
    Propagation: mount.type === 'bind' ? mount.propagation : '',
  };
}

export function statusText(container: ContainerView, now: number = Date.now()): string {
  const since = (time: string | null): string => humanAge(now - Date.parse(time ?? container.createdAt));
  switch (container.status) {
    case 'running':
      return `Up ${since(container.startedAt)}`;
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

/** Words with spaces are quoted, as Docker does. */
function quoteCommand(command: readonly string[]): string {
  return command.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' ');
}
