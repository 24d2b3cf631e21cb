import type { ContainerView } from '@jocker/core';
import { builtInNetworkId } from './network-id.ts';

type Networked = Pick<ContainerView, 'network' | 'networks' | 'endpoints' | 'startedAt'>;

/** NetworkSettings.Networks. */
export function toNetworks(container: Networked): object {
  const { network, networks, startedAt } = container;
  if (network.startsWith('container:')) return {};
  if (networks.length === 0) return { [network]: toEndpoint({ networkId: startedAt === null ? '' : builtInNetworkId(network) }) };
  return Object.fromEntries(
    networks.map(({ network: name, networkId, aliases, address, macAddress }) => {
      const endpoint = container.endpoints.find((each) => each.networkId === networkId);
      return [
        name,
        toEndpoint({
          networkId,
          aliases: aliases.length === 0 ? null : aliases,
          ipamConfig: address === undefined ? null : { IPv4Address: address },
          macAddress: endpoint?.macAddress ?? macAddress ?? '',
          endpointId: endpoint?.endpointId ?? '',
          gateway: endpoint?.gateways[0] ?? '',
          address: endpoint?.addresses[0] ?? '',
          names: endpoint === undefined || endpoint.names.length === 0 ? null : endpoint.names,
        }),
      ];
    }),
  );
}

interface Endpoint {
  readonly networkId: string;
  readonly aliases?: readonly string[] | null;
  readonly ipamConfig?: object | null;
  readonly macAddress?: string;
  readonly endpointId?: string;
  readonly gateway?: string;
  /** With prefix length. */
  readonly address?: string;
  readonly names?: readonly string[] | null;
}

function toEndpoint({
  networkId,
  aliases = null,
  ipamConfig = null,
  macAddress = '',
  endpointId = '',
  gateway = '',
  address = '',
  names = null,
}: Endpoint): object {
  const [plain = '', length = '0'] = address.split('/');
  return {
    IPAMConfig: ipamConfig,
    Links: null,
    Aliases: aliases,
    MacAddress: macAddress,
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: networkId,
    EndpointID: endpointId,
    Gateway: gateway,
    IPAddress: plain,
    IPPrefixLen: Number(length),
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: names,
  };
}

/** The fields of NetworkSettings that repeat the endpoint on the default network. */
export function onDefaultNetwork({ networks, endpoints }: Networked): object {
  const id = networks.find(({ network }) => network === 'bridge')?.networkId;
  const endpoint = endpoints.find(({ networkId }) => networkId === id);
  const [address = '', length = '0'] = endpoint?.addresses[0]?.split('/') ?? [];
  return {
    EndpointID: endpoint?.endpointId ?? '',
    Gateway: endpoint?.gateways[0] ?? '',
    IPAddress: address,
    IPPrefixLen: Number(length),
    MacAddress: endpoint?.macAddress ?? '',
  };
}
