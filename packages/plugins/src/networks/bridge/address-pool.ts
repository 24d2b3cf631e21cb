import { createHash } from 'node:crypto';
import { JockerError, type NetworkSubnet } from '@jocker/core';
import {
  broadcastOf,
  contains,
  formatAddress,
  formatPrefix,
  networkOf,
  overlaps,
  parseAddress,
  parsePrefix,
  type Ipv4Prefix,
} from './ipv4.ts';

/** 10.88.0.0 to 10.95.255.255: 2,048 networks of 254 addresses. */
const pool = { address: parseAddress('10.88.0.0'), length: 13 } as const;
const networkLength = 24;
const networkCount = 1 << (networkLength - pool.length);
const networkSize = 1 << (32 - networkLength);

/**
 * A free network of the pool. The search begins at a place of the engine's own, so that several engines of one machine do not all
 * reach for the same one. Throws `resource-exhausted`.
 */
export function chooseSubnet(seed: string, taken: readonly Ipv4Prefix[]): Ipv4Prefix {
  const first = createHash('sha256').update(seed).digest().readUInt32BE() % networkCount;
  for (let step = 0; step < networkCount; step++) {
    const candidate = { address: pool.address + ((first + step) % networkCount) * networkSize, length: networkLength };
    if (!taken.some((other) => overlaps(other, candidate))) return candidate;
  }
  throw new JockerError(
    'resource-exhausted',
    `all ${networkCount} networks of ${formatPrefix(pool)} are taken; name a --subnet of your own`,
  );
}

/** What a user asked for, checked and completed. Throws `invalid-argument`, `already-exists` when it overlaps with `taken`. */
export function parseSubnet(
  wanted: { readonly subnet: string; readonly gateway?: string; readonly range?: string },
  taken: readonly { readonly prefix: Ipv4Prefix; readonly owner: string }[],
): NetworkSubnet {
  const subnet = parsePrefix(wanted.subnet);
  if (networkOf(subnet) !== subnet.address)
    throw new JockerError(
      'invalid-argument',
      `${wanted.subnet} has host bits; the network is ${formatAddress(networkOf(subnet))}/${subnet.length}`,
    );
  if (subnet.length > 30 || subnet.length < 8)
    throw new JockerError('invalid-argument', `a network of /${subnet.length} cannot be used; take /8 to /30`);
  const other = taken.find(({ prefix }) => overlaps(prefix, subnet));
  if (other !== undefined)
    throw new JockerError('already-exists', `${wanted.subnet} overlaps with ${formatPrefix(other.prefix)} of ${other.owner}`);
  const gateway = wanted.gateway === undefined ? subnet.address + 1 : parseAddress(wanted.gateway);
  if (!isUsable(subnet, gateway))
    throw new JockerError('invalid-argument', `the gateway ${formatAddress(gateway)} is no address of ${wanted.subnet}`);
  if (wanted.range !== undefined) {
    const range = parsePrefix(wanted.range);
    if (!contains(subnet, networkOf(range)) || !contains(subnet, broadcastOf(range)))
      throw new JockerError('invalid-argument', `the range ${wanted.range} is not inside ${wanted.subnet}`);
  }
  return { subnet: wanted.subnet, gateway: formatAddress(gateway), ...(wanted.range === undefined ? {} : { range: wanted.range }) };
}

const isUsable = (subnet: Ipv4Prefix, address: number): boolean =>
  contains(subnet, address) && address !== networkOf(subnet) && address !== broadcastOf(subnet);

/**
 * An address for an endpoint, with prefix length: the wanted one, else the next free one behind the newest, so that one that was just
 * given back is not reused at once. Throws `already-exists`, `invalid-argument` or `resource-exhausted`.
 */
export function chooseAddress(
  { subnet, gateway, range }: NetworkSubnet,
  taken: ReadonlySet<string>,
  options: { readonly wanted?: string | undefined; readonly after?: string | undefined; readonly network: string },
): string {
  const prefix = parsePrefix(subnet);
  const withLength = (address: number): string => `${formatAddress(address)}/${prefix.length}`;
  if (options.wanted !== undefined) {
    const wanted = parseAddress(options.wanted);
    if (!isUsable(prefix, wanted))
      throw new JockerError('invalid-argument', `${options.wanted} is no address of network ${options.network} (${subnet})`);
    if (options.wanted === gateway || taken.has(options.wanted))
      throw new JockerError('already-exists', `address ${options.wanted} of network ${options.network} is taken already`);
    return withLength(wanted);
  }
  const from = range === undefined ? prefix : parsePrefix(range);
  const [low, high] = [networkOf(from), broadcastOf(from)];
  const count = high - low + 1;
  const start = options.after !== undefined && contains(from, parseAddress(options.after)) ? parseAddress(options.after) - low + 1 : 0;
  for (let step = 0; step < count; step++) {
    const address = low + ((start + step) % count);
    const text = formatAddress(address);
    if (isUsable(prefix, address) && text !== gateway && !taken.has(text)) return withLength(address);
  }
  throw new JockerError('resource-exhausted', `network ${options.network} (${range ?? subnet}) has no free address left`);
}
