import { close, open } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { JockerError, type EndpointRecord, type Logger, type NetworkDriver, type NetworkRecord, type Usability } from '@jocker/core';
import { findProgram } from '../../runtimes/oci-cli/probe-runtime.ts';
import { chooseAddress, chooseSubnet, parseSubnet } from './address-pool.ts';
import { createFirewall } from './firewall.ts';
import { createHeldPorts } from './held-ports.ts';
import { formatPrefix, parsePrefix, type Ipv4Prefix } from './ipv4.ts';
import { openLinks, type Links } from './links.ts';
import { createLeftovers } from './leftovers.ts';
import { createNameServers, type Populated } from './name-servers.ts';

const openFile = promisify(open);
const closeFile = promisify(close);

export interface BridgeDriverOptions {
  /** Marks everything that is made: several engines share a machine. Twelve hex digits. */
  readonly engineId: string;
  /** For the name servers; gone after a reboot, as they are. */
  readonly runDirectory: string;
  readonly log: Logger;
}

/** A Linux bridge per network, a veth pair per container, one nftables table, names by aardvark-dns. IPv4. */
export function createBridgeDriver({ engineId, runDirectory, log }: BridgeDriverOptions): NetworkDriver {
  const firewall = createFirewall(engineId);
  const ports = createHeldPorts();
  const names = createNameServers(runDirectory);
  const networks = new Map<string, NetworkRecord>();
  const endpoints = new Map<string, EndpointRecord>();
  /** By network: the address that was given last. */
  const newest = new Map<string, string>();
  const mark = `jocker:${engineId}:`;
  const removePair = ({ hostInterface, endpointId }: EndpointRecord): void => {
    using links = openLinks();
    if (links.find(hostInterface)?.alias === `${mark}${endpointId}`) links.remove(hostInterface);
  };
  const leftovers = createLeftovers(removePair);

  const endpointsOf = (networkId: string): readonly EndpointRecord[] =>
    [...endpoints.values()].filter((each) => each.networkId === networkId);
  const rewriteRules = (): Promise<void> => firewall.rewrite([...networks.values()], [...endpoints.values()]);
  const leadsOutside = (containerId: string): boolean =>
    [...endpoints.values()].some((each) => {
      const network = each.containerId === containerId ? networks.get(each.networkId) : undefined;
      return network?.internal === false && network.nameResolution;
    });
  /** Internal networks with a container that asks the name server of another network. */
  const lentNetworks = (): readonly Populated[] =>
    [...networks.values()]
      .filter(({ internal, nameResolution }) => internal && nameResolution)
      .map((network) => ({ network, endpoints: endpointsOf(network.id) }))
      .filter((populated) => populated.endpoints.some(({ containerId }) => leadsOutside(containerId)));
  const tellNames = async (network: NetworkRecord): Promise<void> => {
    if (network.nameResolution) await names.tell(network, endpointsOf(network.id), lentNetworks());
  };

  /** The way out of a container goes with the network that it led through; another one takes its place. */
  async function leaveThroughAnother(containerId: string, pid: number): Promise<void> {
    const leading = [...endpoints.values()].find(
      (each) => each.containerId === containerId && each.gateways.length > 0 && networks.get(each.networkId)?.internal === false,
    );
    const [gateway] = leading?.gateways ?? [];
    if (leading === undefined || gateway === undefined) return;
    const namespaceFd = await openFile(`/proc/${pid}/ns/net`, 'r');
    try {
      using inside = openLinks(namespaceFd);
      if (!inside.hasDefaultRoute()) inside.addDefaultRoute(leading.interfaceName, gateway);
    } finally {
      await closeFile(namespaceFd);
    }
  }

  async function makeBridge(links: Links, network: NetworkRecord): Promise<void> {
    const [subnet] = network.subnets;
    if (subnet === undefined) throw new JockerError('data-loss', `network ${network.name} has no subnet`);
    const existing = links.find(network.hostInterface);
    if (existing !== undefined && existing.alias !== `${mark}${network.id}`)
      throw new JockerError('already-exists', `the interface ${network.hostInterface} of network ${network.name} belongs to somebody else`);
    if (existing === undefined) {
      const { length } = parsePrefix(subnet.subnet);
      links.addBridge(network.hostInterface, { address: parsePrefix(`${subnet.gateway}/${length}`), alias: `${mark}${network.id}` });
    }
    // Connections from 127.0.0.1 to a published port leave through the bridge.
    await writeFile(`/proc/sys/net/ipv4/conf/${network.hostInterface}/route_localnet`, '1');
    if (!network.internal) await allowForwarding();
  }

  return {
    name: 'bridge',
    probe,
    async planNetwork(request, existing) {
      if (request.ipv6) throw new JockerError('unsupported', `network ${request.name}: the driver bridge has no IPv6`);
      const [option] = Object.keys(request.options).filter((name) => !ignoredOptions.has(name));
      if (option !== undefined) throw new JockerError('invalid-argument', `the driver bridge has no option ${option}`);
      if (request.subnets.length > 1) throw new JockerError('unsupported', `network ${request.name}: the driver bridge takes one subnet`);
      using links = openLinks();
      const taken = [
        ...existing.flatMap(({ name, subnets }) =>
          subnets.map(({ subnet }) => ({ prefix: parsePrefix(subnet), owner: `network ${name}` })),
        ),
        ...links.networks().map((prefix) => ({ prefix, owner: 'this machine' })),
      ];
      const [wanted] = request.subnets;
      const prefixes: readonly Ipv4Prefix[] = taken.map(({ prefix }) => prefix);
      if (wanted !== undefined && wanted.subnet === undefined && (wanted.gateway ?? wanted.range) !== undefined)
        throw new JockerError('invalid-argument', `network ${request.name} has a gateway or a range but no subnet`);
      const subnet =
        wanted?.subnet === undefined
          ? parseSubnet({ subnet: formatPrefix(chooseSubnet(engineId, prefixes)) }, [])
          : parseSubnet({ ...wanted, subnet: wanted.subnet }, taken);
      return { subnets: [subnet], hostInterface: interfaceName('jb', engineId, request.id) };
    },
    async createNetwork(network) {
      if (network.nameResolution) await names.assertInstalled();
      using links = openLinks();
      await makeBridge(links, network);
      networks.set(network.id, network);
      await rewriteRules();
    },
    async removeNetwork(network) {
      networks.delete(network.id);
      newest.delete(network.id);
      using links = openLinks();
      if (links.find(network.hostInterface)?.alias === `${mark}${network.id}`) links.remove(network.hostInterface);
      await rewriteRules();
      if (network.nameResolution) await names.forget(network);
    },
    async reserve(network, request, existing) {
      const [subnet] = network.subnets;
      if (subnet === undefined) throw new JockerError('data-loss', `network ${network.name} has no subnet`);
      const bad = request.names.find((name) => !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/.test(name));
      if (bad !== undefined) throw new JockerError('invalid-argument', `"${bad}" cannot be a name on a network`);
      const taken = new Set(existing.flatMap(({ addresses }) => addresses.map((address) => address.split('/')[0] ?? '')));
      const address = chooseAddress(subnet, taken, { wanted: request.address, after: newest.get(network.id), network: network.name });
      const plain = address.split('/')[0] ?? '';
      if (request.address === undefined) newest.set(network.id, plain);
      return {
        networkId: network.id,
        containerId: request.containerId,
        endpointId: request.endpointId,
        interfaceName: request.interfaceName,
        hostInterface: interfaceName('jv', engineId, request.endpointId),
        macAddress: parseMac(request.macAddress) ?? macOf(plain),
        addresses: [address],
        gateways: network.internal && !network.nameResolution ? [] : [subnet.gateway],
        names: request.names,
        ...(request.resolvers === undefined ? {} : { resolvers: request.resolvers }),
        ports: await ports.take(request.endpointId, request.ports),
      };
    },
    async attach(network, endpoint, { pid }) {
      const [address] = endpoint.addresses;
      if (address === undefined) throw new JockerError('data-loss', `an endpoint on network ${network.name} has no address`);
      endpoints.set(endpoint.endpointId, endpoint);
      const rules = firewall.publish(endpoint);
      const told = tellNames(network);
      // Pinned: the pid may be another's by the time that the kernel looks.
      const namespaceFd = await openFile(`/proc/${pid}/ns/net`, 'r');
      try {
        using links = openLinks();
        const bridge = links.find(network.hostInterface);
        if (bridge === undefined)
          throw new JockerError('failed-precondition', `the bridge of network ${network.name} is gone; restart the engine`);
        links.addPair(endpoint.hostInterface, {
          alias: `${mark}${endpoint.endpointId}`,
          bridge,
          peer: { name: endpoint.interfaceName, macAddress: endpoint.macAddress, namespaceFd },
        });
        using inside = openLinks(namespaceFd);
        inside.setUp('lo');
        inside.addAddress(endpoint.interfaceName, parsePrefix(address));
        inside.setUp(endpoint.interfaceName);
        const [gateway] = endpoint.gateways;
        if (gateway !== undefined && !network.internal && !inside.hasDefaultRoute())
          inside.addDefaultRoute(endpoint.interfaceName, gateway);
        ports.forward(endpoint.endpointId, address.split('/')[0] ?? '');
        await Promise.all([rules, told]);
        return endpoint;
      } catch (error) {
        await Promise.allSettled([rules, told]);
        throw error;
      } finally {
        await closeFile(namespaceFd);
      }
    },
    async detach(network, endpoint, target) {
      const wasAttached = endpoints.delete(endpoint.endpointId);
      // The pair goes with the namespace of a process that ended, and removing it waits for the kernel.
      if (target === undefined) leftovers.look(endpoint);
      else {
        removePair(endpoint);
        await leaveThroughAnother(endpoint.containerId, target.pid);
      }
      await Promise.all([ports.release(endpoint.endpointId), firewall.withdraw(endpoint), wasAttached ? tellNames(network) : undefined]);
    },
    async rename(network, endpoint) {
      if (endpoints.has(endpoint.endpointId)) endpoints.set(endpoint.endpointId, endpoint);
      await tellNames(network);
    },
    async restore(recorded) {
      networks.clear();
      endpoints.clear();
      using links = openLinks();
      for (const { network, endpoints: wired } of recorded) {
        networks.set(network.id, network);
        for (const endpoint of wired) endpoints.set(endpoint.endpointId, endpoint);
        await makeBridge(links, network).catch((error: unknown) =>
          log.error('a network could not be made again', {
            network: network.name,
            error: error instanceof Error ? error.message : String(error),
          }),
        );
      }
      const known = new Set([...networks.keys(), ...endpoints.keys()].map((id) => `${mark}${id}`));
      for (const { name, alias } of links.list()) if (alias.startsWith(mark) && !known.has(alias)) links.remove(name);
      await rewriteRules();
      await names.restore(recorded, lentNetworks());
      for (const { endpointId, ports: published, addresses } of endpoints.values()) {
        await ports.takeAgain(endpointId, published);
        ports.forward(endpointId, addresses[0]?.split('/')[0] ?? '');
      }
    },
    async close() {
      leftovers.end();
      await ports[Symbol.asyncDispose]();
    },
  };
}

/** Options that say what is so anyway, or that other engines' clients send. */
const ignoredOptions: ReadonlySet<string> = new Set(['com.docker.network.enable_ipv4']);

async function probe(): Promise<Usability> {
  if (process.platform !== 'linux') return { usable: false, reason: `networks need Linux and this is ${process.platform}` };
  if (process.geteuid?.() !== 0)
    return { usable: false, reason: `networks need root, and this process runs as user ${process.geteuid?.()}` };
  if ((await findProgram('nft')) === undefined)
    return { usable: false, reason: 'nft is not installed; install it with: apt-get install nftables' };
  return { usable: true };
}

/** The container is on another network meanwhile, or the machine was: a forwarding that others rely on is never switched off. */
async function allowForwarding(): Promise<void> {
  const path = '/proc/sys/net/ipv4/ip_forward';
  if ((await readFile(path, 'utf8')).trim() !== '1') await writeFile(path, '1');
}

/** At most the 15 characters that the kernel allows. */
const interfaceName = (prefix: 'jb' | 'jv', engineId: string, id: string): string => `${prefix}${engineId.slice(0, 5)}${id.slice(0, 8)}`;

function parseMac(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(text) || (Number.parseInt(text.slice(0, 2), 16) & 1) !== 0)
    throw new JockerError('invalid-argument', `"${text}" is not the hardware address of one interface`);
  return text.toLowerCase();
}

/** Locally administered, and the same whenever a container gets the same address: neighbours' tables stay true. */
const macOf = (address: string): string =>
  ['02', '42', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
