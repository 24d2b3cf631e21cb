import { JockerError } from '../errors/jocker-error.ts';
import type { NetworkDriver } from '../network/network-driver.ts';
import type { EndpointRecord, NetworkRecord, PortRequest, PublishedPort } from '../network/network-record.ts';

type Verb = 'createNetwork' | 'removeNetwork' | 'reserve' | 'attach' | 'detach';

/** What outlives a driver, as the kernel outlives an engine. */
export interface FakeNetworkWorld {
  readonly networks: Map<string, NetworkRecord>;
  /** By endpoint id: what is wired to which process. */
  readonly wired: Map<string, { readonly endpoint: EndpointRecord; readonly pid: number }>;
  /** Held by a process, not by the kernel: `127.0.0.1:8080/tcp` to the endpoint that has it. */
  readonly ports: Map<string, string>;
  /** The next call of that verb throws it. */
  failNext(verb: Verb, error: Error): void;
  takeFailure(verb: Verb): Error | undefined;
  /** A process ends, and its network namespace with it. */
  end(pid: number): void;
}

export function createFakeNetworkWorld(): FakeNetworkWorld {
  const failures = new Map<Verb, Error>();
  const wired: FakeNetworkWorld['wired'] = new Map();
  return {
    networks: new Map(),
    wired,
    ports: new Map(),
    failNext: (verb, error) => void failures.set(verb, error),
    takeFailure(verb) {
      const error = failures.get(verb);
      failures.delete(verb);
      return error;
    },
    end(pid) {
      for (const [id, each] of wired) if (each.pid === pid) wired.delete(id);
    },
  };
}

const firstEphemeralPort = 32_768;

/** Networks without a kernel: no root, any platform. Addresses, ports and conflicts are those of a real driver. */
export function createFakeNetworkDriver(world: FakeNetworkWorld = createFakeNetworkWorld(), name = 'fake'): NetworkDriver {
  const own = new Set<string>();
  const fail = (verb: Verb): void => {
    const error = world.takeFailure(verb);
    if (error !== undefined) throw error;
  };
  const hold = (endpointId: string, { protocol, containerPort, hostAddress = '127.0.0.1', hostPorts }: PortRequest): PublishedPort => {
    const { from, to } = hostPorts ?? { from: firstEphemeralPort, to: 65_535 };
    for (let hostPort = from; hostPort <= to; hostPort++) {
      const key = `${hostAddress}:${hostPort}/${protocol}`;
      if (world.ports.has(key)) continue;
      world.ports.set(key, endpointId);
      own.add(key);
      return { protocol, hostAddress, hostPort, containerPort };
    }
    throw new JockerError('already-exists', `port ${from}/${protocol} of ${hostAddress} is taken already`);
  };
  const letGo = (endpointId: string): void => {
    for (const [key, owner] of world.ports) if (owner === endpointId && world.ports.delete(key)) own.delete(key);
  };

  return {
    name,
    probe: async () => ({ usable: true }),
    async planNetwork(request, existing) {
      const [option] = Object.keys(request.options);
      if (option !== undefined) throw new JockerError('invalid-argument', `the driver ${name} has no option ${option}`);
      const taken = new Set(existing.flatMap(({ subnets }) => subnets.map(({ subnet }) => subnet)));
      const free = Array.from({ length: 256 }, (_, third) => `10.200.${third}.0/24`).find((each) => !taken.has(each));
      const subnet = request.subnets[0]?.subnet ?? free;
      if (subnet === undefined) throw new JockerError('resource-exhausted', 'no subnet is left');
      if (taken.has(subnet)) throw new JockerError('already-exists', `${subnet} overlaps with another network`);
      return { subnets: [{ subnet, gateway: request.subnets[0]?.gateway ?? subnet.replace(/\d+\/\d+$/, '1') }], hostInterface: '' };
    },
    async createNetwork(network) {
      fail('createNetwork');
      world.networks.set(network.id, network);
    },
    async removeNetwork({ id }) {
      fail('removeNetwork');
      world.networks.delete(id);
    },
    async reserve(network, request, existing) {
      fail('reserve');
      const { subnet = '', gateway = '' } = network.subnets[0] ?? {};
      const taken = new Set([gateway, ...existing.flatMap(({ addresses }) => addresses.map((each) => each.split('/')[0]))]);
      const numbers = Array.from({ length: 253 }, (_, index) => subnet.replace(/\d+\/\d+$/, String(index + 2)));
      const address = request.address ?? numbers.find((each) => !taken.has(each));
      if (address === undefined) throw new JockerError('resource-exhausted', `network ${network.name} has no free address left`);
      if (taken.has(address)) throw new JockerError('already-exists', `address ${address} of network ${network.name} is taken already`);
      const ports: PublishedPort[] = [];
      try {
        for (const port of request.ports) ports.push(hold(request.endpointId, port));
      } catch (error) {
        letGo(request.endpointId);
        throw error;
      }
      const { endpointId, containerId, interfaceName, names, macAddress = '02:00:00:00:00:01' } = request;
      const addresses = [`${address}/24`];
      const fixed = { networkId: network.id, hostInterface: `v${endpointId.slice(0, 8)}`, gateways: network.internal ? [] : [gateway] };
      return { ...fixed, endpointId, containerId, interfaceName, names, macAddress, addresses, ports };
    },
    async attach(network, endpoint, { pid }) {
      fail('attach');
      if (!world.networks.has(network.id)) throw new JockerError('failed-precondition', `network ${network.name} is not there`);
      world.wired.set(endpoint.endpointId, { endpoint, pid });
      return endpoint;
    },
    async detach(_network, { endpointId }) {
      fail('detach');
      world.wired.delete(endpointId);
      letGo(endpointId);
    },
    async rename(_network, endpoint) {
      const attached = world.wired.get(endpoint.endpointId);
      if (attached !== undefined) world.wired.set(endpoint.endpointId, { ...attached, endpoint });
    },
    async restore(recorded) {
      world.networks.clear();
      const known = new Set<string>();
      for (const { network, endpoints } of recorded) {
        world.networks.set(network.id, network);
        for (const { endpointId, ports } of endpoints) {
          known.add(endpointId);
          for (const { hostPort, ...port } of ports) hold(endpointId, { ...port, hostPorts: { from: hostPort, to: hostPort } });
        }
      }
      for (const id of world.wired.keys()) if (!known.has(id)) world.wired.delete(id);
    },
    async close() {
      for (const key of own) world.ports.delete(key);
      own.clear();
    },
  };
}
