import { isIPv4 } from 'node:net';
import type { ContainerRecord } from '../container/container-record.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { PortRequest } from './network-record.ts';

/** The ports that a container publishes: those it names, and with `publishAllPorts` every exposed one that is not among them. */
export function requestedPorts(
  { request, imageConfig }: Pick<ContainerRecord, 'request' | 'imageConfig'>,
  publishAddress?: string,
): readonly PortRequest[] {
  const named = request.ports ?? [];
  const exposed =
    request.publishAllPorts === true ? [...new Set([...(imageConfig.exposedPorts ?? []), ...(request.exposedPorts ?? [])])] : [];
  const isNamed = (port: PortRequest): boolean =>
    named.some((each) => each.containerPort === port.containerPort && each.protocol === port.protocol);
  const all = [...named, ...exposed.flatMap(parseExposedPort).filter((port) => !isNamed(port))];
  return publishAddress === undefined ? all : all.map((port) => ({ hostAddress: publishAddress, ...port }));
}

/** `80`, `80/tcp`, `8000-8010/udp`. What an image says of other protocols is not published. */
function parseExposedPort(text: string): readonly PortRequest[] {
  const [, from = '', to = from, protocol = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(\w+))?$/.exec(text) ?? [];
  if (from === '' || (protocol !== 'tcp' && protocol !== 'udp')) return [];
  const count = Number(to) - Number(from) + 1;
  if (count < 1 || Number(to) > 65_535) return [];
  return Array.from({ length: count }, (_, index) => ({ protocol, containerPort: Number(from) + index }));
}

/** Throws `invalid-argument` for a port that cannot be. */
export function assertPorts(ports: readonly PortRequest[]): void {
  const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;
  for (const { containerPort, hostAddress, hostPorts } of ports) {
    if (hostAddress !== undefined && !isIPv4(hostAddress))
      throw new JockerError('invalid-argument', `ports are published on IPv4 addresses of this machine, and "${hostAddress}" is none`);
    if (!isPort(containerPort)) throw new JockerError('invalid-argument', `${containerPort} is not a port`);
    if (hostPorts !== undefined && !(isPort(hostPorts.from) && isPort(hostPorts.to) && hostPorts.from <= hostPorts.to))
      throw new JockerError('invalid-argument', `${hostPorts.from}-${hostPorts.to} is not a range of ports`);
  }
}
