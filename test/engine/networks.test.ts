import { definePlugin, type Engine, type EngineConfig, type EventEnvelope, type EventName } from '@jocker/core';
import { createFakeNetworkDriver, createFakeNetworkWorld, createFakeRuntime, createFakeWorld } from '@jocker/core/testing';
import { builtins } from '@jocker/plugins';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEnginePlace, type EnginePlace } from '../support/temporary-engine.ts';

let place: EnginePlace;
let engine: Engine;
let world: ReturnType<typeof createFakeNetworkWorld>;
let machine: ReturnType<typeof createFakeWorld>;

async function open(config: EngineConfig = {}): Promise<Engine> {
  const fakes = definePlugin({
    name: 'fakes',
    setup(jocker) {
      jocker.provide('runtimeBackend', () => createFakeRuntime({ name: 'pretend', world: machine }));
      jocker.provide('networkDriver', () => {
        const driver = createFakeNetworkDriver(world);
        jocker.onClose(async () => await driver.close());
        return driver;
      });
    },
  });
  const others = builtins().filter((entry) => !('plugin' in entry && entry.plugin.name === 'network-bridge'));
  engine = await place.open({ plugins: [{ plugin: fakes, builtIn: false }, ...others], defaultRuntime: 'pretend', config });
  return engine;
}

beforeEach(async () => {
  place = await createEnginePlace();
  world = createFakeNetworkWorld();
  machine = createFakeWorld();
  await open();
});
afterEach(async () => {
  for (const { id } of await engine.containers.list()) await engine.containers.remove(id, { force: true });
  await engine[Symbol.asyncDispose]();
  await place.remove();
});

type Request = Omit<Parameters<Engine['containers']['create']>[0], 'image'>;
const create = async (name: string, request: Request = {}): Promise<string> => {
  const command = ['sleep', '600'];
  return (await engine.containers.create({ image: 'host:busybox', name, command, ...request })).id;
};
const run = async (name: string, request: Request = {}): Promise<string> => {
  const id = await create(name, request);
  await engine.containers.start(id);
  return id;
};
const endpointsOf = async (name: string): Promise<readonly string[]> =>
  (await engine.containers.inspect(name)).endpoints.map(({ interfaceName, addresses }) => `${interfaceName} ${addresses.join()}`);
const fileOf = async (name: string, file: 'hostsPath' | 'resolvConfPath'): Promise<string> =>
  readFile((await engine.containers.inspect(name))[file], 'utf8');
const told = async (...names: readonly EventName[]): Promise<readonly string[]> =>
  (await engine.events.range({})).filter(({ name }) => names.includes(name)).map(({ name }) => name);

describe('a container that names no network', () => {
  test('is on the default one, which is made for the first such container and has no names', async () => {
    expect(await engine.networks.list()).toEqual([]);
    await run('web');
    const [bridge, ...others] = await engine.networks.list();
    expect([bridge?.name, bridge?.nameResolution, others]).toEqual(['bridge', false, []]);
    expect(await endpointsOf('web')).toEqual(['eth0 10.200.0.2/24']);
    expect([...world.wired.values()].map(({ endpoint }) => endpoint.names)).toEqual([[]]);
  });

  test('has none when the configuration says so', async () => {
    await engine[Symbol.asyncDispose]();
    await open({ defaultNetwork: 'none' });
    await run('alone');
    expect((await engine.containers.inspect('alone')).network).toBe('none');
    expect(world.wired.size).toBe(0);
  });

  test('leaves nothing of the default network on a machine whose engine has closed', async () => {
    await run('web');
    await engine.containers.remove('web', { force: true });
    expect(world.networks.size).toBe(1);
    await engine[Symbol.asyncDispose]();
    expect(world.networks.size).toBe(0);
    await open();
    await run('web');
    expect(world.wired.size).toBe(1);
  });
});

describe('what a container has on its networks', () => {
  test('is reserved at its start and given back at its end', async () => {
    await engine.networks.create({ name: 'front' });
    const id = await create('web', { network: 'front', ports: [{ protocol: 'tcp', containerPort: 80 }] });
    expect([world.wired.size, world.ports.size]).toEqual([0, 0]);
    await engine.containers.start(id);
    expect((await engine.containers.inspect(id)).endpoints[0]?.ports).toEqual([
      { protocol: 'tcp', containerPort: 80, hostAddress: '127.0.0.1', hostPort: 32_768 },
    ]);
    await engine.containers.stop(id, { timeoutSeconds: 0 });
    expect((await engine.containers.inspect(id)).endpoints).toEqual([]);
    await expect.poll(() => [world.wired.size, world.ports.size]).toEqual([0, 0]);
  });

  test('stays reserved while it does not run when it asked for that address', async () => {
    await engine.networks.create({ name: 'front' });
    await create('fixed', { network: 'front', endpoints: [{ network: 'front', address: '10.200.0.2' }] });
    await run('other', { network: 'front' });
    expect(await endpointsOf('other')).toEqual(['eth0 10.200.0.3/24']);
  });

  test('is published at the address that the configuration says, and only on a network that leads outside', async () => {
    await engine[Symbol.asyncDispose]();
    await open({ publishAddress: '0.0.0.0' });
    await engine.networks.create({ name: 'inner', internal: true });
    await engine.networks.create({ name: 'outer' });
    const request = { network: 'inner', exposedPorts: ['53/udp'], publishAllPorts: true } as const;
    await run('web', { ...request, endpoints: [{ network: 'outer' }] });
    const { endpoints } = await engine.containers.inspect('web');
    expect(endpoints.map(({ ports }) => ports.map(({ hostAddress, containerPort }) => `${hostAddress} ${containerPort}`))).toEqual([
      [],
      ['0.0.0.0 53'],
    ]);
    await run('hidden', request);
    expect((await engine.containers.inspect('hidden')).endpoints.flatMap(({ ports }) => ports)).toEqual([]);
  });

  test('is in its hosts file and leads its resolv.conf, also when it changes while it runs', async () => {
    const [front, back] = [await engine.networks.create({ name: 'front' }), await engine.networks.create({ name: 'back' })];
    await run('web', { network: 'front', hostname: 'box', extraHosts: ['machine:host-gateway', 'fixed:1.2.3.4'] });
    expect(await fileOf('web', 'hostsPath')).toMatch(/^10\.200\.0\.2\tbox\b/m);
    expect(await fileOf('web', 'hostsPath')).toMatch(/^10\.200\.0\.1\tmachine\b/m);
    expect(await fileOf('web', 'hostsPath')).toMatch(/^1\.2\.3\.4\tfixed$/m);
    const servers = async (): Promise<readonly string[]> => (await fileOf('web', 'resolvConfPath')).match(/^nameserver .*$/gm) ?? [];
    expect(await servers()).toEqual([`nameserver ${front.subnets[0]?.gateway}`]);
    await engine.networks.connect('back', 'web', { aliases: ['www'] });
    expect(await endpointsOf('web')).toEqual(['eth0 10.200.0.2/24', 'eth1 10.200.1.2/24']);
    expect(await servers()).toEqual([front, back].map(({ subnets }) => `nameserver ${subnets[0]?.gateway}`));
    expect(await fileOf('web', 'hostsPath')).toMatch(/^10\.200\.1\.2\tbox\b/m);
    await engine.networks.disconnect('front', 'web');
    expect(await endpointsOf('web')).toEqual(['eth1 10.200.1.2/24']);
    expect(await fileOf('web', 'hostsPath')).not.toContain('10.200.0.2');
    expect(await told('network:connected', 'network:disconnected')).toEqual(['network:connected', 'network:disconnected']);
  });

  test('has its new name after a rename', async () => {
    await engine.networks.create({ name: 'front' });
    const id = await run('old', { network: 'front', endpoints: [{ network: 'front', aliases: ['db'] }] });
    await engine.containers.rename(id, 'new');
    expect([...world.wired.values()].map(({ endpoint }) => endpoint.names)).toEqual([['new', id.slice(0, 12), 'db']]);
  });
});

describe('a start that fails', () => {
  test.each(['reserve', 'attach'] as const)('at %s leaves no process, address or port, and can be tried again', async (verb) => {
    const id = await create('web', { ports: [{ protocol: 'tcp', containerPort: 80, hostPorts: { from: 8080, to: 8080 } }] });
    world.failNext(verb, new Error('the cable is cut'));
    await expect(engine.containers.start(id)).rejects.toThrow('the cable is cut');
    expect([machine.containers.size, world.wired.size, world.ports.size]).toEqual([0, 0, 0]);
    expect(await engine.containers.inspect(id)).toMatchObject({
      status: 'created',
      error: expect.stringContaining('the cable is cut') as string,
      endpoints: [],
    });
    await engine.containers.start(id);
    expect([...world.ports.keys()]).toEqual(['127.0.0.1:8080/tcp']);
  });

  test('in the runtime gives back what was reserved', async () => {
    const id = await create('web', { ports: [{ protocol: 'tcp', containerPort: 80 }] });
    machine.failNext('start', new Error('no memory'));
    await expect(engine.containers.start(id)).rejects.toThrow('no memory');
    expect([world.wired.size, world.ports.size]).toEqual([0, 0]);
  });
});

describe('a network', () => {
  test('that could not be made is not there, and its name and subnet are free', async () => {
    world.failNext('createNetwork', new Error('no bridges left'));
    await expect(engine.networks.create({ name: 'front' })).rejects.toThrow('no bridges left');
    expect(await engine.networks.list()).toEqual([]);
    expect((await engine.networks.create({ name: 'front' })).subnets[0]?.subnet).toBe('10.200.0.0/24');
  });

  test('has one name of its own, and an id that is found by its beginning', async () => {
    const { id } = await engine.networks.create({ name: 'front' });
    await expect(engine.networks.create({ name: 'front' })).rejects.toMatchObject({ code: 'already-exists' });
    for (const name of ['host', 'none', 'default', 'a b', ''])
      await expect(engine.networks.create({ name })).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(engine.networks.create({ name: 'bridge' })).rejects.toMatchObject({ code: 'permission-denied' });
    expect((await engine.networks.inspect(id.slice(0, 9))).name).toBe('front');
    await expect(engine.networks.inspect('nowhere')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('is not removed while a container runs on it, who is named', async () => {
    await engine.networks.create({ name: 'front' });
    await run('web', { network: 'front' });
    await expect(engine.networks.remove('front')).rejects.toThrow('network front has active endpoints: web');
    await engine.containers.stop('web', { timeoutSeconds: 0 });
    await engine.networks.remove('front');
    await expect(engine.containers.start('web')).rejects.toThrow('network front, which container web is on, has been removed');
    await engine.networks.create({ name: 'front' });
    await engine.containers.start('web');
    expect(await endpointsOf('web')).toEqual(['eth0 10.200.0.2/24']);
  });

  test('is pruned when no container belongs to it, running or not', async () => {
    for (const name of ['used', 'unused', 'spared']) await engine.networks.create({ name, labels: { keep: String(name === 'spared') } });
    await create('web', { network: 'used' });
    expect(await engine.networks.prune({ filter: ({ labels }) => labels['keep'] === 'false' })).toEqual({ removed: ['unused'] });
    expect((await engine.networks.list()).map(({ name }) => name)).toEqual(['used', 'spared']);
  });

  test('that is connected while its container cannot be wired is not connected', async () => {
    await engine.networks.create({ name: 'front' });
    await engine.networks.create({ name: 'back' });
    await run('web', { network: 'front' });
    world.failNext('attach', new Error('the cable is cut'));
    await expect(engine.networks.connect('back', 'web')).rejects.toThrow('the cable is cut');
    const { networks, endpoints } = await engine.containers.inspect('web');
    expect([networks.map(({ network }) => network), endpoints.length, world.wired.size]).toEqual([['front'], 1, 1]);
  });
});

describe('what does not go together is refused', () => {
  test.each<[string, Request, string]>([
    ['an alias on the default network', { endpoints: [{ network: 'bridge', aliases: ['db'] }] }, 'aliases need a network made by a user'],
    ['an address without a network', { network: 'none', endpoints: [{ network: 'none', address: '1.2.3.4' }] }, 'has no address'],
    ['a second network beside the host’s', { network: 'host', endpoints: [{ network: 'bridge' }] }, 'cannot be on another network too'],
    ['a network that is not there', { network: 'nowhere' }, 'nowhere'],
    ['a port of no container', { ports: [{ protocol: 'tcp', containerPort: 70_000 }] }, '70000 is not a port'],
    ['an address that is none', { ports: [{ protocol: 'tcp', containerPort: 80, hostAddress: '::1' }] }, '"::1" is none'],
    ['a host name in another container’s network', { network: 'container:other', hostname: 'x' }, 'hostname and the network mode'],
    ['ports in another container’s network', { network: 'container:other', publishAllPorts: true }, 'port publishing'],
  ])('%s', async (_what, request, message) => {
    await create('other');
    await expect(create('web', request)).rejects.toThrow(message);
    expect((await engine.containers.list()).map(({ name }) => name)).toEqual(['other']);
  });
});

test('a port that is not published for want of a network is a warning', async () => {
  await engine.networks.create({ name: 'inner', internal: true });
  const warningsOf = async (name: string, network: string): Promise<readonly string[]> => {
    const request = { image: 'host:busybox', name, network, ports: [{ protocol: 'tcp', containerPort: 80 }] } as const;
    return (await engine.containers.create(request)).warnings;
  };
  expect(await warningsOf('on-host', 'host')).toEqual(['published ports are discarded with the network host']);
  expect(await warningsOf('on-none', 'none')).toEqual(['published ports are discarded with the network none']);
  expect(await warningsOf('on-inner', 'inner')).toEqual(['published ports are discarded on internal networks']);
  expect(await warningsOf('on-bridge', 'bridge')).toEqual([]);
});

test('a container in the network of another one has its host name and its namespace, while it runs', async () => {
  await run('web', { hostname: 'box' });
  const id = await create('beside', { network: 'container:web' });
  expect(await engine.containers.inspect(id)).toMatchObject({ hostname: 'box', networks: [] });
  await engine.containers.start(id);
  const { pid } = await engine.containers.inspect('web');
  expect(machine.containers.get(id)?.bundle.spec.linux.namespaces).toContainEqual({ type: 'network', path: `/proc/${pid}/ns/net` });
  expect(await fileOf('beside', 'hostsPath')).toBe(await fileOf('web', 'hostsPath'));
  await engine.containers.stop(id, { timeoutSeconds: 0 });
  await engine.containers.stop('web', { timeoutSeconds: 0 });
  await expect(engine.containers.start(id)).rejects.toThrow('shares the network namespace of web, which is exited');
});

test('a new engine holds the ports of what runs, and gives back what ended meanwhile', async () => {
  const ports = [{ protocol: 'tcp', containerPort: 80 }] as const;
  await run('lives', { ports });
  await run('dies', { ports });
  await engine[Symbol.asyncDispose]();
  expect([world.wired.size, world.ports.size]).toEqual([2, 0]);
  const dead = [...machine.containers.values()].at(-1);
  dead?.end({ exitCode: 3, oomKilled: false, finishedAt: new Date().toISOString() });
  await open();
  await expect.poll(() => [...world.wired.values()].length).toBe(1);
  expect([...world.ports.keys()]).toEqual(['127.0.0.1:32768/tcp']);
  expect((await engine.containers.inspect('dies')).endpoints).toEqual([]);
});

test('a snapshot with the events after it is the next snapshot, networks of containers included', async () => {
  await engine.networks.create({ name: 'front' });
  const id = await create('web', { network: 'front' });
  const { seq, containers } = await engine.system.snapshot();
  let [view] = containers;
  await engine.containers.start(id);
  await engine.networks.create({ name: 'back' });
  await engine.networks.connect('back', id);
  const later: readonly EventEnvelope[] = (await engine.events.range({})).filter((envelope) => envelope.seq > seq);
  for (const { name, event } of later)
    if (view !== undefined && (name === 'container:started' || name === 'network:connected'))
      view = { ...view, networks: event.networks, endpoints: event.endpoints };
  const [now] = (await engine.system.snapshot()).containers;
  expect([view?.networks, view?.endpoints]).toEqual([now?.networks, now?.endpoints]);
});
