import { isIP } from 'node:net';
import { JockerError, type CreateRequest } from '@jocker/core';

const localhost = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'ff00::0\tip6-mcastprefix',
];
const multicast = ['ff02::1\tip6-allnodes', 'ff02::2\tip6-allrouters'];

/** The host's own file in its network; else the loopback names, where the container's own name leads to as well. */
export function hostsFile(request: CreateRequest, hostname: string | undefined, domainname: string | undefined, ofHost: string): string {
  const lines = request.network === 'host' ? [ofHost.trimEnd()] : [...localhost, ...multicast];
  // The address on a network is known when the container starts; the engine writes it then.
  if (hasNoNetwork(request) && hostname !== undefined) {
    lines.push(`127.0.0.1\t${domainname === undefined ? '' : `${hostname}.${domainname} `}${hostname}`);
  }
  for (const entry of request.extraHosts ?? []) lines.push(extraHost(entry, request));
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

const hasNoNetwork = ({ network = 'none' }: CreateRequest): boolean => network === 'none';

/** `name:ip` or `name=ip`; an IPv6 address may stand in brackets. */
function extraHost(entry: string, request: CreateRequest): string {
  const [, name = '', given = ''] = /^([^:=]+)[:=](.+)$/.exec(entry) ?? [];
  const address = given.startsWith('[') && given.endsWith(']') ? given.slice(1, -1) : given;
  if (!/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,253})$/.test(name)) throw invalid(entry);
  if (address === 'host-gateway') {
    if (request.network === 'host') return `127.0.0.1\t${name}`;
    if (!hasNoNetwork(request)) return '';
    throw new JockerError('unsupported', `extra host ${JSON.stringify(entry)}: a container without a network has no way to its host`);
  }
  if (isIP(address) === 0) throw invalid(entry);
  return `${address}\t${name}`;
}

function invalid(entry: string): JockerError {
  return new JockerError('invalid-argument', `extra host ${JSON.stringify(entry)} is not name:address`);
}
