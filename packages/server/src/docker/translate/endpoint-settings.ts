import {
  asObject,
  asString,
  asStrings,
  JockerError,
  optional,
  type CreateRequest,
  type EndpointSettings,
  type ForeignObject,
} from '@jocker/core';

type Endpoints = NonNullable<CreateRequest['endpoints']>;

/** NetworkingConfig: `{ EndpointsConfig: { NETWORK: { Aliases, IPAMConfig, MacAddress } } }`. */
export function readEndpoints(networkingConfig: ForeignObject): Endpoints {
  const path = 'NetworkingConfig.EndpointsConfig';
  const endpoints = optional(networkingConfig['EndpointsConfig'], path, asObject) ?? {};
  return Object.entries(endpoints).map(([network, value]) => ({
    network,
    ...readEndpointSettings(optional(value, `${path}.${network}`, asObject) ?? {}),
  }));
}

/** What a client says of a container on one network; what it merely repeats from an inspect is not read. */
export function readEndpointSettings(settings: ForeignObject): EndpointSettings {
  const links = optional(settings['Links'], 'Links', asStrings) ?? [];
  if (links.length > 0)
    throw new JockerError('unsupported', 'links are not supported: containers find each other by name on a network of their own');
  const aliases = optional(settings['Aliases'], 'Aliases', asStrings) ?? [];
  const ipam = optional(settings['IPAMConfig'], 'IPAMConfig', asObject) ?? {};
  const address = optional(ipam['IPv4Address'], 'IPAMConfig.IPv4Address', asString) ?? '';
  if ((optional(ipam['IPv6Address'], 'IPAMConfig.IPv6Address', asString) ?? '') !== '')
    throw new JockerError('unsupported', 'IPv6 addresses are not supported');
  const macAddress = optional(settings['MacAddress'], 'MacAddress', asString) ?? '';
  return {
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(address === '' ? {} : { address }),
    ...(macAddress === '' ? {} : { macAddress }),
  };
}

/** The hardware address that older clients send beside the networks. */
export function withMacAddress(endpoints: Endpoints, network: string, macAddress: string): Endpoints {
  const isFirst = (endpoint: Endpoints[number]): boolean => endpoint.network === network;
  if (!endpoints.some(isFirst)) return [...endpoints, { network, macAddress }];
  return endpoints.map((endpoint) => (isFirst(endpoint) ? { macAddress, ...endpoint } : endpoint));
}
