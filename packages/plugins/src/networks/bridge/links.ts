import { closeSync } from 'node:fs';
import { native } from '@jocker/native';
import { parseAddress, type Ipv4Prefix } from './ipv4.ts';
import { decodeAttributes, decodeMessages, encodeAttributes, encodeMessage, type Attribute } from './netlink-message.ts';

const message = { newLink: 16, deleteLink: 17, getLink: 18, newAddress: 20, getAddress: 22, newRoute: 24, getRoute: 26 } as const;
const flag = { request: 0x1, acknowledge: 0x4, exclusive: 0x200, create: 0x400, dump: 0x300 } as const;
const link = { address: 1, name: 3, mtu: 4, info: 18, master: 10, namespaceFd: 28, alias: 20, kind: 1, data: 2, peer: 1 } as const;
const addressAttribute = { address: 1, local: 2, broadcast: 4 } as const;
const route = { destination: 1, output: 4, gateway: 5 } as const;
const up = 1;
const inet = 2;

export interface Link {
  readonly index: number;
  readonly name: string;
  /** What whoever made it wrote there; empty when nothing was. */
  readonly alias: string;
}

/** Links, addresses and routes of one network namespace, until it is disposed. Each call takes about 0.1 ms. */
export interface Links extends Disposable {
  list(): readonly Link[];
  /** Undefined when there is none of that name. */
  find(name: string): Link | undefined;
  /** Up, with its address. `EEXIST` when the name is taken. */
  addBridge(name: string, options: { readonly address: Ipv4Prefix; readonly alias: string }): void;
  /**
   * A pair of which `name` stays here as a port of `bridge`, up, and `peer` goes into the namespace of a descriptor, with that
   * hardware address.
   */
  addPair(
    name: string,
    options: {
      readonly alias: string;
      readonly bridge: Link;
      readonly peer: { readonly name: string; readonly macAddress: string; readonly namespaceFd: number };
    },
  ): void;
  addAddress(name: string, address: Ipv4Prefix): void;
  addDefaultRoute(name: string, gateway: string): void;
  hasDefaultRoute(): boolean;
  setUp(name: string): void;
  /** Nothing when there is none. */
  remove(name: string): void;
  /** IPv4 networks that an address or a route of this namespace covers, without the default route. */
  networks(): readonly Ipv4Prefix[];
}

/** In this process's namespace, or in the one that a descriptor stands for. */
export function openLinks(namespaceFd?: number): Links {
  const fd = native().openNetlink(namespaceFd);
  const ask = (type: number, flags: number, fixed: Buffer, attributes: readonly Attribute[] = []): Buffer =>
    native().netlinkRequest(fd, encodeMessage(type, flag.request | flags, fixed, attributes));
  const change = (type: number, flags: number, fixed: Buffer, attributes: readonly Attribute[]): void =>
    void ask(type, flag.acknowledge | flags, fixed, attributes);

  const find = (name: string): Link | undefined => {
    try {
      const [body] = decodeMessages(ask(message.getLink, flag.acknowledge, linkHeader(), [[link.name, name]]));
      return body === undefined ? undefined : toLink(body);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENODEV') return undefined;
      throw error;
    }
  };
  const indexOf = (name: string): number => {
    const found = find(name);
    if (found === undefined) throw new Error(`there is no network interface ${name}`);
    return found.index;
  };
  const setUp = (name: string): void => change(message.newLink, 0, linkHeader({ index: indexOf(name), isUp: true }), []);
  const addAddress = (name: string, { address, length }: Ipv4Prefix): void =>
    change(message.newAddress, flag.create | flag.exclusive, addressHeader(length, indexOf(name)), [
      [addressAttribute.local, addressBytes(address)],
      [addressAttribute.address, addressBytes(address)],
      [addressAttribute.broadcast, addressBytes((address | (length >= 31 ? 0 : 0xffffffff >>> length)) >>> 0)],
    ]);
  const remove = (name: string): void => {
    const found = find(name);
    if (found === undefined) return;
    try {
      change(message.deleteLink, 0, linkHeader({ index: found.index }), []);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENODEV') throw error;
    }
  };

  return {
    find,
    setUp,
    addAddress,
    remove,
    list: () => [...decodeMessages(ask(message.getLink, flag.dump, linkHeader()))].map(toLink),
    addBridge(name, { address, alias }) {
      change(message.newLink, flag.create | flag.exclusive, linkHeader({ isUp: true }), [
        [link.name, name],
        [link.info, [[link.kind, 'bridge']]],
      ]);
      try {
        // Not all at once: the kernel takes an alias at creation from Linux 6.x on only.
        change(message.newLink, 0, linkHeader({ index: indexOf(name) }), [[link.alias, alias]]);
        addAddress(name, address);
      } catch (error) {
        remove(name);
        throw error;
      }
    },
    addPair(name, { alias, bridge, peer }) {
      change(message.newLink, flag.create | flag.exclusive, linkHeader({ isUp: true }), [
        [link.name, name],
        [link.master, bridge.index],
        [
          link.info,
          [
            [link.kind, 'veth'],
            [
              link.data,
              [
                [
                  link.peer,
                  Buffer.concat([
                    linkHeader(),
                    encodeAttributes([
                      [link.name, peer.name],
                      [link.address, macBytes(peer.macAddress)],
                      [link.namespaceFd, peer.namespaceFd],
                    ]),
                  ]),
                ],
              ],
            ],
          ],
        ],
      ]);
      change(message.newLink, 0, linkHeader({ index: indexOf(name) }), [[link.alias, alias]]);
    },
    addDefaultRoute(name, gateway) {
      const fixed = Buffer.alloc(12);
      fixed.writeUInt8(inet, 0);
      // Main table, static, universe, unicast.
      fixed.set([254, 4, 0, 1], 4);
      change(message.newRoute, flag.create | flag.exclusive, fixed, [
        [route.gateway, addressBytes(parseAddress(gateway))],
        [route.output, indexOf(name)],
      ]);
    },
    hasDefaultRoute() {
      const fixed = Buffer.alloc(12);
      fixed.writeUInt8(inet, 0);
      return [...decodeMessages(ask(message.getRoute, flag.dump, fixed))].some((body) => body.readUInt8(1) === 0);
    },
    networks() {
      const dump = (type: number, headerBytes: number, attribute: number, lengthAt: number): Ipv4Prefix[] => {
        const fixed = Buffer.alloc(headerBytes);
        fixed.writeUInt8(inet, 0);
        return [...decodeMessages(ask(type, flag.dump, fixed))].flatMap((body) => {
          const bytes = decodeAttributes(body.subarray(headerBytes)).get(attribute);
          const length = body.readUInt8(lengthAt);
          return bytes === undefined || length === 0 ? [] : [{ address: bytes.readUInt32BE(), length }];
        });
      };
      return [...dump(message.getAddress, 8, addressAttribute.address, 1), ...dump(message.getRoute, 12, route.destination, 1)];
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

function linkHeader({ index = 0, isUp = false } = {}): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(isUp ? up : 0, 8);
  header.writeUInt32LE(isUp ? up : 0, 12);
  return header;
}

function addressHeader(length: number, index: number): Buffer {
  const header = Buffer.alloc(8);
  header.set([inet, length], 0);
  header.writeUInt32LE(index, 4);
  return header;
}

function toLink(body: Buffer): Link {
  const attributes = decodeAttributes(body.subarray(16));
  const text = (type: number): string => attributes.get(type)?.toString().replace(/\0.*$/s, '') ?? '';
  return { index: body.readInt32LE(4), name: text(link.name), alias: text(link.alias) };
}

const macBytes = (macAddress: string): Buffer => Buffer.from(macAddress.replaceAll(':', ''), 'hex');

function addressBytes(address: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(address);
  return bytes;
}
