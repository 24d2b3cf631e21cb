import {
  asArray,
  asBoolean,
  asObject,
  asString,
  asStringMap,
  optional,
  type ForeignObject,
  type NetworkCreateRequest,
  type NetworkView,
} from '@jocker/core';
import { builtInNetworkId } from './network-id.ts';

export interface DockerNetwork {
  readonly Name: string;
  readonly Id: string;
  readonly Driver: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Created: string;
  /** Whether a container belongs to it; not sent. */
  readonly isUsed: () => boolean;
}

/** The networks that every engine has, though they are no networks here; `bridge` until the first container has made it. */
export function builtInNetworks(real: readonly NetworkView[]): readonly DockerNetwork[] {
  const names = ['host', 'none', ...(real.some(({ name }) => name === 'bridge') ? [] : ['bridge'])];
  return names.map((name) => {
    const driver = name === 'none' ? 'null' : name;
    return network(
      { Name: name, Id: builtInNetworkId(name), Driver: driver, Created: '1970-01-01T00:00:00Z', Labels: {} },
      false,
      [],
      {},
      {},
    );
  });
}

/** One entry of GET /networks; with `containers` the answer of an inspect. */
export function toDockerNetwork(view: NetworkView, containers: boolean): DockerNetwork {
  const config = view.subnets.map(({ subnet, gateway, range }) => ({
    Subnet: subnet,
    Gateway: gateway,
    ...(range === undefined ? {} : { IPRange: range }),
  }));
  const running = view.containers.flatMap(({ containerId, name, endpoint }) =>
    endpoint === null
      ? []
      : [
          [
            containerId,
            {
              Name: name,
              EndpointID: endpoint.endpointId,
              MacAddress: endpoint.macAddress,
              IPv4Address: endpoint.addresses[0] ?? '',
              IPv6Address: '',
            },
          ] as const,
        ],
  );
  const own = { Name: view.name, Id: view.id, Driver: view.driver, Created: view.createdAt, Labels: view.labels };
  return network(own, view.internal, config, containers ? Object.fromEntries(running) : {}, view.options, view.containers.length > 0);
}

function network(
  { Name, Id, Driver, Created, Labels }: Omit<DockerNetwork, 'isUsed'>,
  Internal: boolean,
  Config: readonly object[],
  Containers: object,
  Options: object,
  used = true,
): DockerNetwork {
  const sent = {
    Name,
    Id,
    Created,
    Scope: 'local',
    Driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config },
    Internal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers,
    Options,
    Labels,
  };
  return Object.defineProperty(sent, 'isUsed', { value: () => used, enumerable: false }) as typeof sent & { isUsed: () => boolean };
}

/** The body of POST /networks/create. */
export function readNetworkCreate(body: ForeignObject): NetworkCreateRequest {
  const ipam = optional(body['IPAM'], 'IPAM', asObject) ?? {};
  const subnets = (optional(ipam['Config'], 'IPAM.Config', asArray) ?? []).map((item) => {
    const config = asObject(item, 'IPAM.Config');
    const text = (name: string): string => optional(config[name], `IPAM.Config.${name}`, asString) ?? '';
    const [subnet, gateway, range] = [text('Subnet'), text('Gateway'), text('IPRange')];
    return { ...(subnet === '' ? {} : { subnet }), ...(gateway === '' ? {} : { gateway }), ...(range === '' ? {} : { range }) };
  });
  const driver = optional(body['Driver'], 'Driver', asString) ?? '';
  return {
    name: asString(body['Name'], 'Name'),
    ...(driver === '' || driver === 'default' ? {} : { driver }),
    ...(subnets.length === 0 ? {} : { subnets }),
    internal: optional(body['Internal'], 'Internal', asBoolean) ?? false,
    ipv6: optional(body['EnableIPv6'], 'EnableIPv6', asBoolean) ?? false,
    labels: optional(body['Labels'], 'Labels', asStringMap) ?? {},
    options: optional(body['Options'], 'Options', asStringMap) ?? {},
  };
}
