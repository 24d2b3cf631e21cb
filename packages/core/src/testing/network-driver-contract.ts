import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { NetworkDriver, NetworkPlanRequest } from '../network/network-driver.ts';
import type { EndpointRecord, NetworkRecord, PortRequest } from '../network/network-record.ts';

/** A network namespace with a process in it, as a container that was created and not yet started. */
export interface NetworkNamespace extends AsyncDisposable {
  readonly pid: number;
  /** The addresses of its interfaces but lo, with prefix length. */
  addresses(): Promise<readonly string[]>;
  /** Whether an address answers from inside. */
  reaches(address: string): Promise<boolean>;
  /** The process ends, and the namespace with it. */
  end(): Promise<void>;
}

export interface NetworkDriverUnderTest {
  readonly driver: NetworkDriver;
  openNamespace(): Promise<NetworkNamespace>;
  /** Of a network request of this driver (a CNI configuration). */
  readonly options?: Readonly<Record<string, string>>;
  /** Interfaces, rules and processes that the driver has made and not removed. */
  traces(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const silent = (): undefined => undefined;
const context = { signal: new AbortController().signal, log: { debug: silent, info: silent, warn: silent, error: silent } };
const newId = (): string => randomBytes(32).toString('hex');

/** What every network driver promises. `open` is called once. */
export function describeNetworkDriver(name: string, open: () => Promise<NetworkDriverUnderTest>): void {
  describe(`network driver: ${name}`, () => {
    let under: NetworkDriverUnderTest;
    const networks: NetworkRecord[] = [];
    const endpoints: EndpointRecord[] = [];
    const namespaces: NetworkNamespace[] = [];
    beforeAll(async () => {
      under = await open();
    });
    afterAll(async () => await under?.close());
    afterEach(async () => {
      for (const namespace of namespaces.splice(0)) await namespace[Symbol.asyncDispose]();
      for (const endpoint of endpoints.splice(0)) await detach(endpoint);
      for (const network of networks.splice(0)) await under.driver.removeNetwork(network, context);
    });

    async function makeNetwork(request: Partial<NetworkPlanRequest> = {}): Promise<NetworkRecord> {
      const [id, { driver, options = {} }] = [newId(), under];
      const planned: NetworkPlanRequest = {
        id,
        name: `net-${id.slice(0, 8)}`,
        subnets: [],
        internal: false,
        ipv6: false,
        options,
        ...request,
      };
      const network: NetworkRecord = {
        ...planned,
        driver: driver.name,
        createdAt: new Date().toISOString(),
        nameResolution: false,
        labels: {},
        ...(await driver.planNetwork(planned, networks)),
      };
      networks.push(network);
      await driver.createNetwork(network, context);
      return network;
    }
    async function openNamespace(): Promise<NetworkNamespace> {
      const namespace = await under.openNamespace();
      namespaces.push(namespace);
      return namespace;
    }
    async function reserve(
      network: NetworkRecord,
      options: { readonly address?: string; readonly ports?: readonly PortRequest[] } = {},
    ): Promise<EndpointRecord> {
      const containerId = newId();
      const request = {
        endpointId: newId(),
        containerId,
        interfaceName: 'eth0',
        names: [`c-${containerId.slice(0, 12)}`],
        ports: [],
        ...options,
      };
      const endpoint = await under.driver.reserve(
        network,
        request,
        endpoints.filter(({ networkId }) => networkId === network.id),
      );
      endpoints.push(endpoint);
      return endpoint;
    }
    async function connect(network: NetworkRecord, namespace: NetworkNamespace): Promise<EndpointRecord> {
      return await attach(network, await reserve(network), namespace);
    }
    async function attach(network: NetworkRecord, reserved: EndpointRecord, { pid }: NetworkNamespace): Promise<EndpointRecord> {
      const attached = await under.driver.attach(network, reserved, { pid }, context);
      endpoints.splice(endpoints.indexOf(reserved), 1, attached);
      return attached;
    }
    async function detach(endpoint: EndpointRecord, target?: NetworkNamespace): Promise<void> {
      const network = networks.find(({ id }) => id === endpoint.networkId);
      if (network !== undefined) await under.driver.detach(network, endpoint, target, context);
    }
    const plain = ({ addresses }: EndpointRecord): string => addresses[0]?.split('/')[0] ?? '';

    test('can be used here', async () => {
      expect(await under.driver.probe()).toMatchObject({ usable: true });
    });

    test('wires two containers of a network to each other', async () => {
      const network = await makeNetwork();
      const [left, right] = [await openNamespace(), await openNamespace()];
      const [, there] = [await connect(network, left), await connect(network, right)];
      expect(await right.addresses()).toEqual(there.addresses);
      expect(await left.reaches(plain(there))).toBe(true);
    });

    test('keeps the containers of two networks apart', async () => {
      const [left, right] = [await openNamespace(), await openNamespace()];
      await connect(await makeNetwork(), left);
      const there = await connect(await makeNetwork(), right);
      expect(await left.reaches(plain(there))).toBe(false);
    });

    test('gives each endpoint an address of its own', async () => {
      const network = await makeNetwork();
      const made = [
        await connect(network, await openNamespace()),
        await connect(network, await openNamespace()),
        await connect(network, await openNamespace()),
      ];
      expect(new Set(made.map(plain)).size).toBe(3);
    });

    test('takes a container off a network while it runs', async () => {
      const network = await makeNetwork();
      const namespace = await openNamespace();
      const endpoint = await connect(network, namespace);
      await detach(endpoint, namespace);
      await expect.poll(() => namespace.addresses(), { timeout: 5_000 }).toEqual([]);
    });

    test('detaches twice, and after the namespace has gone', async () => {
      const network = await makeNetwork();
      const namespace = await openNamespace();
      const endpoint = await connect(network, namespace);
      await namespace.end();
      await detach(endpoint);
      await detach(endpoint);
    });

    test('gives a reservation back that was never attached', async () => {
      const network = await makeNetwork();
      await detach(await reserve(network));
    });

    test('makes and removes a network twice', async () => {
      const network = await makeNetwork();
      await under.driver.createNetwork(network, context);
      await under.driver.removeNetwork(network, context);
      await under.driver.removeNetwork(network, context);
    });

    test('refuses a host port that another endpoint has, and gives it to the next one after it', async () => {
      const network = await makeNetwork();
      const first = await reserve(network, { ports: [{ protocol: 'tcp', containerPort: 80 }] });
      const hostPort = first.ports[0]?.hostPort ?? 0;
      const again = [{ protocol: 'tcp', containerPort: 81, hostPorts: { from: hostPort, to: hostPort } }] as const;
      await expect(reserve(network, { ports: again })).rejects.toMatchObject({
        code: 'already-exists',
        message: expect.stringContaining(String(hostPort)) as string,
      });
      await detach(first);
      expect((await reserve(network, { ports: again })).ports).toEqual([
        { protocol: 'tcp', containerPort: 81, hostAddress: '127.0.0.1', hostPort },
      ]);
    });

    test('refuses an option that it does not know', async () => {
      await expect(makeNetwork({ options: { ...under.options, 'no.such.option': '1' } })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    });

    test('removes at the start what nobody recorded', async () => {
      const network = await makeNetwork();
      const namespace = await openNamespace();
      await connect(network, namespace);
      await under.driver.restore([], context);
      endpoints.splice(0);
      networks.splice(0);
      expect(await under.traces()).toEqual([]);
    });

    test('keeps what runs over a new start', async () => {
      const network = await makeNetwork();
      const [left, right] = [await openNamespace(), await openNamespace()];
      const made = [await connect(network, left), await connect(network, right)];
      await under.driver.restore([{ network, endpoints: made }], context);
      expect(await left.reaches(plain(made[1] as EndpointRecord))).toBe(true);
    });

    test('leaves nothing when containers and networks are gone', async () => {
      const network = await makeNetwork();
      const namespace = await openNamespace();
      const endpoint = await connect(network, namespace);
      await namespace.end();
      await detach(endpoint);
      await under.driver.removeNetwork(network, context);
      await expect.poll(() => under.traces(), { timeout: 5_000 }).toEqual([]);
    });
  });
}
