import { randomBytes } from 'node:crypto';
import type { ContainerRecord } from '../container/container-record.ts';
import type { CreateRequest } from '../container/create-request.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { OperationContext } from '../operation/operation-context.ts';
import type { Stage } from '../operation/operation.ts';
import { defaultNetworkName, makeNetwork } from './make-network.ts';
import type { EndpointSettings, NetworkAttachment } from './network-attachment.ts';
import type { NetworkDeps } from './network-deps.ts';
import { copyNetworkFiles, writeNetworkFiles } from './network-files.ts';
import type { EndpointRecord, NetworkRecord, PortRequest } from './network-record.ts';
import { requestedPorts } from './requested-ports.ts';

const containerPrefix = 'container:';

/** The networks of containers, as the verbs of containers use them. */
export interface ContainerNetworks {
  /** What a request means: its mode with names resolved, and the networks that it belongs to. Throws `not-found` and others. */
  resolve(request: CreateRequest, context: OperationContext): Promise<ResolvedNetworks>;
  /** Reserves and records the endpoints of a container that is about to start. */
  reserve(record: ContainerRecord): Promise<readonly EndpointRecord[]>;
  /** Wires them to the process that was created, and writes the container's hosts and resolv.conf. */
  attach(record: ContainerRecord, endpoints: readonly EndpointRecord[], pid: number, stage: Stage): Promise<readonly EndpointRecord[]>;
  /** After the end of the process; idempotent. The record forgets them before. A failure is logged: the next start of the engine repeats it. */
  release(endpoints: readonly EndpointRecord[]): Promise<void>;
  /** The names of a running container changed. */
  rename(record: ContainerRecord): Promise<void>;
}

export interface ResolvedNetworks {
  /** `none`, `host`, `container:ID` or the name of the first network. */
  readonly network: string;
  /** Of the container whose network it joins. */
  readonly hostname?: string;
  readonly domainname?: string;
  readonly attachments: readonly NetworkAttachment[];
  /** What was asked for and will not be. */
  readonly warnings: readonly string[];
}

export function createContainerNetworks(deps: NetworkDeps): ContainerNetworks {
  return {
    async resolve(request, context) {
      const wanted = request.network ?? 'default';
      const network = wanted === 'default' ? await defaultOf(deps) : wanted;
      const isNetwork = network !== 'none' && network !== 'host' && !network.startsWith(containerPrefix);
      assertFits(request, network, isNetwork);
      if (network.startsWith(containerPrefix))
        return { ...joined(deps, request, network.slice(containerPrefix.length)), attachments: [], warnings: [] };
      const publishes = (request.ports ?? []).length > 0;
      if (!isNetwork)
        return { network, attachments: [], warnings: publishes ? [`published ports are discarded with the network ${network}`] : [] };
      const settings = new Map<string, EndpointSettings>([[network, {}]]);
      for (const { network: name, ...own } of request.endpoints ?? []) {
        const key = name === 'default' ? network : name;
        settings.set(key, { ...settings.get(key), ...own });
      }
      const attachments = new Map<string, NetworkAttachment>();
      for (const [name, own] of settings) {
        const record = await networkOf(deps, name, context);
        attachments.set(record.id, attachmentOf(record, own));
      }
      const first = [...attachments.keys()][0] ?? '';
      const isClosed = [...attachments.keys()].every((id) => deps.networks.get(id)?.internal === true);
      return {
        network: deps.networks.get(first)?.name ?? network,
        attachments: [...attachments.values()],
        warnings: publishes && isClosed ? ['published ports are discarded on internal networks'] : [],
      };
    },
    async reserve(record) {
      if (record.networks.length === 0) return [];
      await Promise.all(deps.releasing);
      const attachments = presentAttachments(deps, record);
      const publishing = attachments.find(({ networkId }) => deps.networks.get(networkId)?.internal === false);
      const endpoints: EndpointRecord[] = [];
      try {
        for (const [index, attachment] of attachments.entries()) {
          const ports = attachment === publishing ? requestedPorts(record, deps.publishAddress) : [];
          endpoints.push(await reserveEndpoint(deps, record, attachment, { interfaceName: `eth${index}`, ports }));
        }
      } catch (error) {
        await release(deps, endpoints);
        deps.state.transaction(() => deps.containers.change(record.id, { endpoints: [] }));
        throw error;
      }
      await deps.checkpoint?.('start:network-reserved');
      return endpoints;
    },
    async attach(record, reserved, pid, stage) {
      const { network = 'none' } = record.request;
      if (network.startsWith(containerPrefix)) await copyNetworkFiles(deps.paths, network.slice(containerPrefix.length), record.id);
      if (reserved.length === 0) return reserved;
      const endpoints: EndpointRecord[] = [];
      for (const endpoint of reserved) {
        const net = networkById(deps, endpoint.networkId);
        const { plugin, value: driver } = deps.drivers.byName(net.driver);
        endpoints.push(await stage.stage(`network ${net.name}`, plugin, (inner) => driver.attach(net, endpoint, { pid }, inner)));
      }
      if (endpoints.some((endpoint, index) => endpoint !== reserved[index]))
        deps.state.transaction(() => deps.containers.change(record.id, { endpoints }));
      await writeNetworkFiles(deps, record, endpoints);
      await deps.checkpoint?.('start:network-attached');
      return endpoints;
    },
    release: (endpoints) => release(deps, endpoints),
    async rename(record) {
      const endpoints = record.endpoints.map((endpoint) => {
        const attachment = record.networks.find(({ networkId }) => networkId === endpoint.networkId);
        return { ...endpoint, names: namesOf(record, attachment?.aliases ?? []) };
      });
      if (endpoints.length === 0) return;
      deps.state.transaction(() => deps.containers.change(record.id, { endpoints }));
      for (const endpoint of endpoints) {
        const net = networkById(deps, endpoint.networkId);
        await deps.drivers.byName(net.driver).value.rename(net, endpoint, { signal: deps.closing, log: deps.log });
      }
    },
  };
}

async function defaultOf(deps: NetworkDeps): Promise<string> {
  if (deps.defaultNetwork !== undefined) return deps.defaultNetwork;
  return (await deps.drivers.usable()).length > 0 ? defaultNetworkName : 'none';
}

function assertFits({ endpoints = [] }: CreateRequest, network: string, isNetwork: boolean): void {
  if (isNetwork) return;
  if (endpoints.some((endpoint) => endpoint.network !== network && endpoint.network !== 'default'))
    throw new JockerError('invalid-argument', `a container with the network ${network} cannot be on another network too`);
  if (endpoints.some(({ address, macAddress, aliases = [] }) => address !== undefined || macAddress !== undefined || aliases.length > 0))
    throw new JockerError(
      'invalid-argument',
      `a container with the network ${network} has no address, hardware address or alias of its own`,
    );
}

/** In another container's network nothing is a container's own: docker's conflicts, in its words. */
function joined(deps: NetworkDeps, request: CreateRequest, reference: string): Omit<ResolvedNetworks, 'attachments' | 'warnings'> {
  const { ports = [], exposedPorts = [], dns = [], extraHosts = [] } = request;
  const conflicts = [
    [(request.hostname ?? '') !== '', 'hostname and the network mode'],
    [dns.length > 0, 'dns and the network mode'],
    [extraHosts.length > 0, 'custom host-to-IP mapping and the network mode'],
    [ports.length > 0 || request.publishAllPorts === true, 'port publishing and the container type network mode'],
    [exposedPorts.length > 0, 'port exposing and the container type network mode'],
  ] as const;
  const found = conflicts.find(([isAsked]) => isAsked);
  if (found !== undefined) throw new JockerError('invalid-argument', `conflicting options: ${found[1]}`);
  const other = deps.containers.find(reference);
  const network = `${containerPrefix}${other.id}`;
  if (request.utsMode === 'host') return { network };
  const { hostname, domainname } = deps.containers.spec(other.id).spec;
  return { network, ...(hostname === undefined ? {} : { hostname }), ...(domainname === undefined ? {} : { domainname }) };
}

/** One that was removed and made again by its name is the same to a container that is on it. */
function presentAttachments(deps: NetworkDeps, record: ContainerRecord): readonly NetworkAttachment[] {
  const present = record.networks.map((attachment) => {
    const network = deps.networks.get(attachment.networkId) ?? deps.networks.byName(attachment.network);
    if (network !== undefined) return { ...attachment, networkId: network.id, driver: network.driver };
    throw new JockerError('not-found', `network ${attachment.network}, which container ${record.name} is on, has been removed`, {
      details: { reason: 'no-such-network', reference: attachment.network },
    });
  });
  if (present.some(({ networkId }, index) => networkId !== record.networks[index]?.networkId))
    deps.state.transaction(() => deps.containers.change(record.id, { networks: present }));
  return present;
}

export function attachmentOf(network: NetworkRecord, { aliases = [], address, macAddress }: EndpointSettings): NetworkAttachment {
  if (!network.nameResolution && aliases.length > 0)
    throw new JockerError('invalid-argument', `network ${network.name} has no names; aliases need a network made by a user`);
  if (!network.nameResolution && address !== undefined && network.name === defaultNetworkName)
    throw new JockerError('invalid-argument', 'an address of one’s own needs a network made by a user');
  return {
    networkId: network.id,
    network: network.name,
    driver: network.driver,
    aliases,
    ...(address === undefined ? {} : { address }),
    ...(macAddress === undefined ? {} : { macAddress }),
  };
}

/** The default network is made when the first container wants it. */
async function networkOf(deps: NetworkDeps, name: string, context: OperationContext): Promise<NetworkRecord> {
  if (name !== defaultNetworkName || deps.networks.byName(name) !== undefined) return deps.networks.find(name);
  return await makeNetwork(deps, { name }, context).catch((error: unknown) => {
    // Two containers were the first.
    const made = deps.networks.byName(name);
    if (made === undefined) throw error;
    return made;
  });
}

function networkById(deps: Pick<NetworkDeps, 'networks'>, id: string): NetworkRecord {
  const network = deps.networks.get(id);
  if (network === undefined) throw new JockerError('failed-precondition', `the network ${id.slice(0, 12)} is gone`);
  return network;
}

/** A network of names asks them for the container; what reaches nothing outside asks nobody. */
function resolversOf(
  { request: { dns = [] } }: ContainerRecord,
  { nameResolution, internal }: NetworkRecord,
): Pick<EndpointRecord, 'resolvers'> {
  return nameResolution && !internal && dns.length > 0 ? { resolvers: dns } : {};
}

/** The container's name, the beginning of its id, its hostname and the aliases. */
function namesOf({ name, id, request }: ContainerRecord, aliases: readonly string[]): readonly string[] {
  const hostname = request.hostname === undefined || request.hostname === '' ? [] : [request.hostname];
  return [...new Set([name, id.slice(0, 12), ...hostname, ...aliases])];
}

export async function reserveEndpoint(
  deps: NetworkDeps,
  record: ContainerRecord,
  { networkId, aliases, address, macAddress }: NetworkAttachment,
  { interfaceName, ports }: { readonly interfaceName: string; readonly ports: readonly PortRequest[] },
): Promise<EndpointRecord> {
  return await deps.networkLock.run(networkId, async () => {
    const network = networkById(deps, networkId);
    const { value: driver } = deps.drivers.byName(network.driver);
    const endpoint = await driver.reserve(
      network,
      {
        endpointId: randomBytes(32).toString('hex'),
        containerId: record.id,
        interfaceName,
        names: network.nameResolution ? namesOf(record, aliases) : [],
        ports,
        ...resolversOf(record, network),
        ...(address === undefined ? {} : { address }),
        ...(macAddress === undefined ? {} : { macAddress }),
      },
      endpointsOf(deps, networkId, record.id),
    );
    // Taken for everybody else from now on, though the record of the container may come a moment later.
    deps.state.transaction(() => {
      const { endpoints } = deps.containers.get(record.id) ?? { endpoints: [] };
      deps.containers.change(record.id, { endpoints: [...endpoints.filter((other) => other.networkId !== networkId), endpoint] });
    });
    return endpoint;
  });
}

/** All that is taken on a network, addresses included that are kept for containers that do not run. */
function endpointsOf(deps: NetworkDeps, networkId: string, except: string): readonly EndpointRecord[] {
  return deps.containers.list().flatMap(({ id, endpoints, networks }) => {
    if (id === except) return [];
    const live = endpoints.filter((endpoint) => endpoint.networkId === networkId);
    const kept = networks.find((attachment) => attachment.networkId === networkId)?.address;
    if (live.length > 0 || kept === undefined) return live;
    return [{ ...emptyEndpoint, networkId, containerId: id, addresses: [`${kept}/32`] }];
  });
}

const emptyEndpoint: EndpointRecord = {
  networkId: '',
  containerId: '',
  endpointId: '',
  interfaceName: '',
  hostInterface: '',
  macAddress: '',
  addresses: [],
  gateways: [],
  names: [],
  ports: [],
};

async function release(deps: NetworkDeps, endpoints: readonly EndpointRecord[], pid?: number): Promise<void> {
  if (endpoints.length === 0) return;
  const work = detachAll(deps, endpoints, pid).finally(() => deps.releasing.delete(work));
  deps.releasing.add(work);
  await work;
}

async function detachAll(deps: NetworkDeps, endpoints: readonly EndpointRecord[], pid: number | undefined): Promise<void> {
  await Promise.all(
    endpoints.map(async (endpoint) => {
      const network = deps.networks.get(endpoint.networkId);
      if (network === undefined) return;
      try {
        const { value: driver } = deps.drivers.byName(network.driver);
        await driver.detach(network, endpoint, pid === undefined ? undefined : { pid }, {
          signal: new AbortController().signal,
          log: deps.log,
        });
      } catch (error) {
        deps.log.warn('an endpoint left traces on its network', { network: network.name, error: String(error) });
      }
    }),
  );
}

/** Takes a running container off one network. */
export const releaseLive = (deps: NetworkDeps, endpoint: EndpointRecord, pid: number): Promise<void> => release(deps, [endpoint], pid);
