import { JockerError, type CreateRequest } from '@jocker/protocol';
import type { CreateFlags } from './create-options.ts';
import { parsePorts } from './parse-ports.ts';

type Networks = Pick<
  CreateRequest,
  'network' | 'endpoints' | 'ports' | 'publishAllPorts' | 'exposedPorts' | 'extraHosts' | 'dns' | 'dnsSearch' | 'dnsOptions'
>;
type Endpoint = NonNullable<CreateRequest['endpoints']>[number];

/** All that the flags say about networks and ports. */
export function networksOf(flags: CreateFlags): Networks {
  if (flags.link.length > 0)
    throw new JockerError('unsupported', '--link is not supported: containers find each other by name on a network of their own');
  const [first, ...more] = flags.network.map(parseNetwork);
  const { networkAlias, ip, macAddress } = flags;
  const own = {
    ...(networkAlias.length === 0 ? {} : { aliases: networkAlias }),
    ...(ip === undefined ? {} : { address: ip }),
    ...(macAddress === undefined ? {} : { macAddress }),
  };
  const settings: Endpoint = { network: 'default', ...first, ...own };
  const endpoints = [...(Object.keys(settings).length > 1 ? [settings] : []), ...more];
  const ports = flags.publish.flatMap(parsePorts);
  const list = <K extends keyof Networks>(key: K, values: readonly string[]): object => (values.length === 0 ? {} : { [key]: values });
  return {
    ...(first === undefined ? {} : { network: first.network }),
    ...(endpoints.length === 0 ? {} : { endpoints }),
    ...(ports.length === 0 ? {} : { ports }),
    ...(flags.publishAll === true ? { publishAllPorts: true } : {}),
    ...list('exposedPorts', flags.expose),
    ...list('extraHosts', flags.addHost),
    ...list('dns', flags.dns),
    ...list('dnsSearch', flags.dnsSearch),
    ...list('dnsOptions', flags.dnsOption),
  };
}

/** `NET`, or `name=NET,alias=A,ip=ADDRESS,mac-address=ADDRESS`. */
function parseNetwork(text: string): Endpoint {
  if (!text.includes('=')) return { network: text };
  let network = '';
  let rest: Omit<Endpoint, 'network'> = {};
  for (const part of text.split(',')) {
    const [key = '', ...words] = part.split('=');
    const value = words.join('=');
    if (key === 'name') network = value;
    else if (key === 'alias') rest = { ...rest, aliases: [...(rest.aliases ?? []), value] };
    else if (key === 'ip') rest = { ...rest, address: value };
    else if (key === 'mac-address') rest = { ...rest, macAddress: value };
    else throw new JockerError('invalid-argument', `--network ${text}: there is no ${key}; there are name, alias, ip and mac-address`);
  }
  if (network === '') throw new JockerError('invalid-argument', `--network ${text} names no network`);
  return { network, ...rest };
}
