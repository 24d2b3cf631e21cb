import { JockerError } from '@jocker/core';

/** An address with the length of its network's prefix. Addresses are unsigned 32-bit numbers here, text everywhere else. */
export interface Ipv4Prefix {
  readonly address: number;
  readonly length: number;
}

/** `10.89.0.1`, in no other spelling. Throws `invalid-argument`. */
export function parseAddress(text: string): number {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1) ?? [];
  if (parts.length !== 4 || parts.some((part) => Number(part) > 255 || String(Number(part)) !== part))
    throw new JockerError('invalid-argument', `"${text}" is not an IPv4 address`);
  return parts.reduce((address, part) => address * 256 + Number(part), 0);
}

/** `10.89.0.0/24`; host bits are kept. Throws `invalid-argument`. */
export function parsePrefix(text: string): Ipv4Prefix {
  const slash = text.indexOf('/');
  const length = Number(text.slice(slash + 1));
  if (slash < 0 || !/^\d{1,2}$/.test(text.slice(slash + 1)) || length > 32)
    throw new JockerError('invalid-argument', `"${text}" is not an IPv4 network such as 10.89.0.0/24`);
  return { address: parseAddress(text.slice(0, slash)), length };
}

export const formatAddress = (address: number): string =>
  [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.');
export const formatPrefix = ({ address, length }: Ipv4Prefix): string => `${formatAddress(address)}/${length}`;

const maskOf = (length: number): number => (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0);

/** The first address of its network: the one that names it. */
export const networkOf = ({ address, length }: Ipv4Prefix): number => (address & maskOf(length)) >>> 0;
export const broadcastOf = (prefix: Ipv4Prefix): number => (networkOf(prefix) | ~maskOf(prefix.length)) >>> 0;
export const contains = (prefix: Ipv4Prefix, address: number): boolean => address >= networkOf(prefix) && address <= broadcastOf(prefix);
export const overlaps = (left: Ipv4Prefix, right: Ipv4Prefix): boolean =>
  networkOf(left) <= broadcastOf(right) && networkOf(right) <= broadcastOf(left);
