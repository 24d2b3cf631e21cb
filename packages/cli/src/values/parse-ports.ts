import { JockerError, type PortRequest } from '@jocker/protocol';

const pattern = /^(?:(?:(\[[0-9a-fA-F:]+\]|[0-9.]+):)?(\d{0,5}(?:-\d{1,5})?):)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp))?$/;

/** `80`, `8080:80`, `127.0.0.1:8080:80/udp`, `127.0.0.1::80`, `8000-8010:80`, `8000-8005:80-85`. */
export function parsePorts(text: string): readonly PortRequest[] {
  const match = pattern.exec(text);
  if (match === null) throw new JockerError('invalid-argument', `--publish ${text} is not of the form [[ADDRESS:]HOST:]PORT[/udp]`);
  const [, address, host = '', first = '', last = first, protocol = 'tcp'] = match;
  if (address?.startsWith('[') === true) throw new JockerError('unsupported', `--publish ${text}: ports are published on IPv4 addresses`);
  const [from, to] = [Number(first), Number(last)];
  const [hostFrom, hostTo = hostFrom] = host === '' ? [] : host.split('-').map(Number);
  const count = to - from + 1;
  if (count < 1 || (count > 1 && hostFrom !== undefined && Number(hostTo) - hostFrom + 1 !== count))
    throw new JockerError('invalid-argument', `--publish ${text}: the ranges have different lengths`);
  return Array.from({ length: count }, (_, index): PortRequest => {
    const hostPorts =
      hostFrom === undefined
        ? undefined
        : count === 1
          ? { from: hostFrom, to: Number(hostTo) }
          : { from: hostFrom + index, to: hostFrom + index };
    return {
      protocol: protocol as PortRequest['protocol'],
      containerPort: from + index,
      ...(address === undefined ? {} : { hostAddress: address }),
      ...(hostPorts === undefined ? {} : { hostPorts }),
    };
  });
}
