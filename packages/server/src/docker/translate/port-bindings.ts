import {
  asArray,
  asObject,
  asString,
  JockerError,
  optional,
  type ContainerView,
  type ForeignObject,
  type PortRequest,
  type PublishedPort,
} from '@jocker/core';

/** HostConfig.PortBindings: `{ "80/tcp": [{ HostIp, HostPort }] }`; a HostPort may be a range. */
export function readPortBindings(bindings: ForeignObject): readonly PortRequest[] {
  return Object.entries(bindings).flatMap(([port, list]) => {
    const [, number = '', protocol = 'tcp'] = /^(\d{1,5})(?:\/(\w+))?$/.exec(port) ?? [];
    if (number === '') throw new JockerError('invalid-argument', `invalid port specification: "${port.slice(0, 40)}"`);
    if (protocol !== 'tcp' && protocol !== 'udp') throw new JockerError('unsupported', `ports of ${protocol} cannot be published`);
    const path = `HostConfig.PortBindings.${port}`;
    return (optional(list, path, asArray) ?? [{}]).map((item): PortRequest => {
      const binding = asObject(item, path);
      const hostAddress = optional(binding['HostIp'], `${path}.HostIp`, asString) ?? '';
      const hostPort = optional(binding['HostPort'], `${path}.HostPort`, asString) ?? '';
      return {
        protocol,
        containerPort: Number(number),
        ...(hostAddress === '' ? {} : { hostAddress: hostAddress === '::' ? '0.0.0.0' : hostAddress }),
        ...(hostPort === '' || hostPort === '0' ? {} : { hostPorts: parseRange(hostPort) }),
      };
    });
  });
}

function parseRange(text: string): { readonly from: number; readonly to: number } {
  const [, from = '', to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (from === '') throw new JockerError('invalid-argument', `invalid port specification: "${text.slice(0, 40)}"`);
  return { from: Number(from), to: Number(to) };
}

export function toPortBindings(ports: readonly PortRequest[]): object {
  const bindings: Record<string, object[]> = {};
  for (const { protocol, containerPort, hostAddress = '', hostPorts } of ports) {
    const text =
      hostPorts === undefined ? '' : hostPorts.from === hostPorts.to ? String(hostPorts.from) : `${hostPorts.from}-${hostPorts.to}`;
    (bindings[`${containerPort}/${protocol}`] ??= []).push({ HostIp: hostAddress, HostPort: text });
  }
  return bindings;
}

const publishedOf = ({ endpoints }: Pick<ContainerView, 'endpoints'>): readonly PublishedPort[] => endpoints.flatMap(({ ports }) => ports);

/** NetworkSettings.Ports; an exposed port that is not published has null. */
export function toPortMap(container: ContainerView): object {
  const map: Record<string, object[] | null> = {};
  if (container.endpoints.length > 0) for (const port of container.exposedPorts) map[port.includes('/') ? port : `${port}/tcp`] = null;
  for (const { protocol, containerPort, hostAddress, hostPort } of publishedOf(container))
    map[`${containerPort}/${protocol}`] = [
      ...(map[`${containerPort}/${protocol}`] ?? []),
      { HostIp: hostAddress, HostPort: String(hostPort) },
    ];
  return map;
}

/** Ports of a list's entry. */
export function toPortList(container: ContainerView): readonly object[] {
  if (container.endpoints.length === 0) return [];
  const published = publishedOf(container);
  const exposed = container.exposedPorts.flatMap((text) => {
    const [port = '', protocol = 'tcp'] = text.split('/');
    const isPublished = published.some((each) => String(each.containerPort) === port && each.protocol === protocol);
    return isPublished || !/^\d+$/.test(port) ? [] : [{ PrivatePort: Number(port), Type: protocol }];
  });
  return [
    ...published.map(({ protocol, containerPort, hostAddress, hostPort }) => ({
      IP: hostAddress,
      PrivatePort: containerPort,
      PublicPort: hostPort,
      Type: protocol,
    })),
    ...exposed,
  ];
}
