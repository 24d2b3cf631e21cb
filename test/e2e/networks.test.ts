import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { dockerCli, type DockerCli } from '../support/docker.ts';
import { networkTracesOf } from '../support/network-traces.ts';

const image = 'host:busybox';
/** Answers `hello` on port 80. */
const webServer = ['sh', '-c', 'mkdir -p /w && echo hello >/w/index.html && exec httpd -f -p 80 -h /w'];

/** What a port of this machine answers; tried until something listens there. */
async function answerOf(address: string): Promise<string> {
  const answer = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(5_000) });
  return (await answer.text()).trim();
}

/** The address that `docker port` tells. */
const published = async (docker: DockerCli, container: string, port = '80'): Promise<string> => docker.print(['port', container, port]);

describe.each(['crun', 'runc'])('networks with %s', (runtime) => {
  let daemon: TestDaemon;
  let docker: DockerCli;
  beforeAll(async () => {
    daemon = await startDaemon(['--runtime', runtime]);
    docker = dockerCli(daemon);
    await docker.print(['pull', '-q', image]);
  });
  afterEach(async () => {
    for (const { id } of await daemon.client.containers.list()) await daemon.client.containers.remove(id, { force: true });
    for (const { name } of await daemon.client.networks.list()) if (name !== 'bridge') await daemon.client.networks.remove(name);
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
  });
  const serve = (name: string, ...flags: readonly string[]): Promise<string> =>
    docker.print(['run', '-d', '--name', name, ...flags, image, ...webServer]);
  const sleep = (name: string, ...flags: readonly string[]): Promise<string> =>
    docker.print(['run', '-d', '--name', name, ...flags, image, 'sleep', '600']);
  const inside = (flags: readonly string[], script: string): Promise<string> =>
    docker.print(['run', '--rm', ...flags, image, 'sh', '-c', script]);
  const fetchFrom = (container: string, host: string): Promise<string> =>
    docker.run(['exec', container, 'timeout', '3', 'wget', '-q', '-O', '-', `http://${host}/`]).then(({ stdout }) => stdout.trim());
  const addressesIn = async (container: string): Promise<string> =>
    docker.print(['exec', container, 'sh', '-c', "ip -4 addr | sed -n 's/.*inet \\([0-9.]*\\).* \\(eth[0-9]\\)$/\\2 \\1/p'"]);

  test('two containers find each other by name and alias on a network, and not from another one', async () => {
    await docker.print(['network', 'create', 'front']);
    await docker.print(['network', 'create', 'back']);
    await serve('web', '--network', 'front', '--network-alias', 'www');
    await sleep('near', '--network', 'front');
    await sleep('far', '--network', 'back');
    await expect.poll(() => fetchFrom('near', 'web'), { timeout: 10_000 }).toBe('hello');
    expect(await fetchFrom('near', 'www')).toBe('hello');
    expect(await fetchFrom('far', 'web')).toBe('');
    const address = await docker.print(['inspect', '-f', '{{.NetworkSettings.Networks.front.IPAddress}}', 'web']);
    expect(await fetchFrom('near', address)).toBe('hello');
    expect(await fetchFrom('far', address)).toBe('');
  });

  test('a container on an internal network reaches its neighbours and nothing outside', async () => {
    using outside = await listenOutside();
    await docker.print(['network', 'create', '--internal', 'inner']);
    await serve('web', '--network', 'inner', '-p', '80');
    await sleep('inner', '--network', 'inner');
    await sleep('outer');
    const reaches = (container: string): Promise<string> =>
      docker.run(['exec', container, 'nc', '-w', '2', outside.address, String(outside.port)]).then(({ stdout }) => stdout);
    expect(await reaches('outer')).toBe('outside');
    expect(await reaches('inner')).toBe('');
    expect(await docker.print(['exec', 'inner', 'ip', 'route'])).not.toContain('default');
    await expect.poll(() => fetchFrom('inner', 'web'), { timeout: 10_000 }).toBe('hello');
    expect(await docker.print(['port', 'web'])).toBe('');
  });

  test('a container on an internal network and on another one finds names on both, also after a crash of the daemon', async () => {
    await docker.print(['network', 'create', '--internal', 'inner']);
    await docker.print(['network', 'create', 'outer']);
    await serve('data', '--network', 'inner');
    await serve('web', '--network', 'outer');
    await sleep('both', '--network', 'inner');
    await docker.print(['network', 'connect', 'outer', 'both']);
    await expect.poll(() => fetchFrom('both', 'data'), { timeout: 10_000 }).toBe('hello');
    expect(await fetchFrom('both', 'web')).toBe('hello');
    expect(await fetchFrom('web', 'data')).toBe('');
    await daemon.restart('SIGKILL');
    expect(await fetchFrom('both', 'data')).toBe('hello');
    await docker.print(['network', 'disconnect', 'outer', 'both']);
    await expect.poll(() => fetchFrom('both', 'data'), { timeout: 10_000 }).toBe('hello');
    expect(await fetchFrom('both', 'web')).toBe('');
  });

  test('a published port answers on 127.0.0.1, and over an end and a crash of the daemon', async () => {
    await serve('web', '-p', '80');
    const address = await published(docker, 'web');
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    await expect.poll(() => answerOf(address).catch(String), { timeout: 10_000 }).toBe('hello');
    await daemon.restartAfter('SIGTERM', async () => expect(await answerOf(address)).toBe('hello'));
    expect(await answerOf(address)).toBe('hello');
    await daemon.restartAfter('SIGKILL', async () => expect(await answerOf(address)).toBe('hello'));
    expect(await answerOf(address)).toBe('hello');
    expect(await published(docker, 'web')).toBe(address);
    await docker.print(['restart', '-t', '0', 'web']);
    await expect.poll(async () => answerOf(await published(docker, 'web')).catch(String), { timeout: 10_000 }).toBe('hello');
  });

  test('a port is published at the address that the user names, as a range, for udp, and all of them at once', async () => {
    await docker.print([
      'create',
      '--name',
      'kept',
      '--expose',
      '81',
      '--expose',
      '53/udp',
      '-P',
      '-p',
      '127.0.0.2::80',
      image,
      'sleep',
      '60',
    ]);
    expect(await docker.print(['port', 'kept'])).toBe('');
    await docker.print(['start', 'kept']);
    expect((await docker.print(['port', 'kept'])).replaceAll(/:\d+$/gm, ':N').split('\n').toSorted()).toEqual([
      '53/udp -> 127.0.0.1:N',
      '80/tcp -> 127.0.0.2:N',
      '81/tcp -> 127.0.0.1:N',
    ]);
    const [, port = ''] = (await published(docker, 'kept')).split(':');
    const far = Number(port) + 40;
    await sleep('ranged', '-p', `127.0.0.2:${port}-${far}:80`);
    const [, chosen] = (await published(docker, 'ranged')).split(':');
    expect(Number(chosen)).toBeGreaterThan(Number(port));
    await sleep('open', '-p', '0.0.0.0::80');
    expect(await published(docker, 'open')).toMatch(/^0\.0\.0\.0:/);
    expect(await docker.print(['ps', '--filter', 'name=open', '--format', '{{.Ports}}'])).toMatch(/^0\.0\.0\.0:\d+->80\/tcp$/);
  });

  test('a port that is taken, an overlapping subnet and an address that is taken are one sentence each, and leave nothing', async () => {
    await docker.print(['network', 'create', 'web']);
    await sleep('first', '--network', 'web', '-p', '80');
    const address = await published(docker, 'first');
    const { subnets } = await daemon.client.networks.inspect('web');
    const before = await networkTracesOf(daemon.engineId);

    const second = await docker.run(['run', '-d', '--name', 'second', '--network', 'web', '-p', `${address}:80`, image, 'true']);
    expect(second).toMatchObject({ exitCode: 125 });
    expect(second.stderr).toContain(`port ${address.split(':')[1]}/tcp of 127.0.0.1 is taken already`);
    const overlapping = await docker.run(['network', 'create', '--subnet', subnets[0]?.subnet ?? '', 'other']);
    expect(overlapping).toMatchObject({ exitCode: 1 });
    expect(overlapping.stderr).toMatch(/overlaps with .* of network web$/m);
    const taken = (await docker.print(['inspect', '-f', '{{.NetworkSettings.Networks.web.IPAddress}}', 'first'])).trim();
    const third = await docker.run(['run', '--rm', '--network', 'web', '--ip', taken, image, 'true']);
    expect(third.stderr).toContain(`address ${taken} of network web is taken already`);

    await expect.poll(() => networkTracesOf(daemon.engineId), { timeout: 10_000 }).toEqual(before);
    await docker.print(['stop', '-t', '0', 'first']);
    await docker.print(['start', 'second']);
    expect(await docker.print(['wait', 'second'])).toBe('0');
  });

  test('an address and a hardware address that were asked for are kept over restarts', async () => {
    await docker.print(['network', 'create', 'web']);
    const [subnet] = (await daemon.client.networks.inspect('web')).subnets;
    const address = subnet?.gateway.replace(/\.1$/, '.77') ?? '';
    await sleep('fixed', '--network', 'web', '--ip', address, '--mac-address', '02:00:00:00:00:07');
    expect(await addressesIn('fixed')).toBe(`eth0 ${address}`);
    await docker.print(['restart', '-t', '0', 'fixed']);
    expect(await addressesIn('fixed')).toBe(`eth0 ${address}`);
    expect(await docker.print(['exec', 'fixed', 'cat', '/sys/class/net/eth0/address'])).toBe('02:00:00:00:00:07');
    await docker.print(['stop', '-t', '0', 'fixed']);
    const other = await docker.run(['run', '--rm', '--network', 'web', '--ip', address, image, 'true']);
    expect(other.stderr).toContain(`address ${address} of network web is taken already`);
  });

  test('a running container is connected and disconnected, with its names and files', async () => {
    await docker.print(['network', 'create', 'one']);
    await docker.print(['network', 'create', 'two']);
    await serve('web', '--network', 'one');
    await sleep('other', '--network', 'two');
    expect(await fetchFrom('other', 'web')).toBe('');
    await docker.print(['network', 'connect', '--alias', 'www', 'two', 'web']);
    await expect.poll(() => fetchFrom('other', 'www'), { timeout: 10_000 }).toBe('hello');
    const [first = '', second = ''] = (await addressesIn('web')).split('\n');
    expect([first.slice(0, 4), second.slice(0, 4)]).toEqual(['eth0', 'eth1']);
    const hosts = (): Promise<string> => docker.print(['exec', 'web', 'cat', '/etc/hosts']);
    expect(await hosts()).toContain(second.slice(5));
    await docker.print(['network', 'disconnect', 'one', 'web']);
    expect(await docker.print(['exec', 'web', 'ip', 'route'])).toMatch(/^default via \S+ dev eth1/);
    await docker.print(['network', 'connect', 'one', 'web']);
    await docker.print(['network', 'disconnect', 'two', 'web']);
    expect(await addressesIn('web')).toMatch(/^eth0 [0-9.]+$/);
    expect(await hosts()).not.toContain(second.slice(5));
    expect(await fetchFrom('other', 'www')).toBe('');
    const again = await docker.run(['network', 'disconnect', 'two', 'web']);
    expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining('container web is not on network two')]);
  });

  test('what is no name on a network is asked of the name server that the container names', async () => {
    using server = await answerNames();
    await docker.print(['network', 'create', 'web']);
    await sleep('near', '--network', 'web');
    await sleep('asks', '--network', 'web', '--dns', server.address);
    const lookUp = async (name: string): Promise<string> => (await docker.run(['exec', 'asks', 'ping', '-c', '1', '-W', '1', name])).stdout;
    await expect.poll(() => lookUp('outside.test'), { timeout: 15_000 }).toContain('PING outside.test (192.0.2.7)');
    expect(await lookUp('near')).toMatch(/^PING near \(10\./);
  });

  test('a container has another name on its networks when it is renamed', async () => {
    await docker.print(['network', 'create', 'web']);
    await serve('old', '--network', 'web');
    await sleep('other', '--network', 'web');
    await docker.print(['rename', 'old', 'new']);
    await expect.poll(() => fetchFrom('other', 'new'), { timeout: 10_000 }).toBe('hello');
    expect(await fetchFrom('other', 'old')).toBe('');
  });

  test('a container joins the network of one that runs, and says when that one does not', async () => {
    await serve('web');
    expect(await inside(['--network', 'container:web'], 'wget -q -O - http://127.0.0.1/; hostname')).toMatch(/^hello\n[0-9a-f]{12}$/);
    expect((await docker.run(['run', '--rm', '--network', 'container:web', '-p', '80', image, 'true'])).stderr).toContain(
      'conflicting options: port publishing and the container type network mode',
    );
    await docker.print(['create', '--name', 'joins', '--network', 'container:web', image, 'true']);
    await docker.print(['stop', '-t', '0', 'web']);
    expect((await docker.run(['start', 'joins'])).stderr).toContain('container joins shares the network namespace of web, which is exited');
  });

  test('the networks none and host are what they are called', async () => {
    expect(await inside(['--network', 'none'], 'ls /sys/class/net')).toBe('lo');
    expect(await inside(['--network', 'host'], 'ls /sys/class/net')).toContain('eth0');
  });

  test('the default network has no names, reaches the machine as host-gateway, and stays', async () => {
    using outside = await listenOutside();
    await sleep('named');
    const nowhere = await docker.run(['run', '--rm', image, 'nslookup', 'named']);
    expect(nowhere.exitCode).not.toBe(0);
    expect(await inside(['--add-host', 'machine:host-gateway'], `nc -w 2 machine ${outside.port}`)).toBe('outside');
    expect(await docker.print(['network', 'ls', '--format', '{{.Name}}'])).toBe('bridge\nhost\nnone');
    const removed = await docker.run(['network', 'rm', 'bridge']);
    expect([removed.exitCode, removed.stderr]).toEqual([1, expect.stringContaining('cannot be removed')]);
  });

  test('a network in use is not removed, an unused one is pruned', async () => {
    await docker.print(['network', 'create', 'used']);
    await docker.print(['network', 'create', '--label', 'a=b', 'unused']);
    await sleep('here', '--network', 'used');
    const refused = await docker.run(['network', 'rm', 'used']);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('network used has active endpoints: here')]);
    expect(await docker.print(['network', 'prune', '-f', '--filter', 'label=a=b'])).toBe('Deleted Networks:\nunused\n');
    expect((await docker.run(['network', 'create', 'used'])).stderr).toContain('there is a network used already');
    await docker.print(['rm', '-f', 'here']);
    await docker.print(['network', 'rm', 'used']);
  });

  test('an ended container gives its address and its port to the next one', async () => {
    await sleep('first', '-p', '80');
    const address = await published(docker, 'first');
    for (let round = 0; round < 5; round++) {
      await docker.print(['rm', '-f', (await docker.print(['ps', '-q'])).trim()]);
      await sleep(`next-${round}`, '-p', `${address}:80`);
    }
  });

  test("jocker's own commands make, show, connect and remove networks", async () => {
    const id = await daemon.print(['network', 'create', '--label', 'a=b', 'mine']);
    expect(await daemon.print(['network', 'ls'])).toMatch(
      new RegExp(`^NETWORK ID +NAME +DRIVER +SCOPE\\n(.*\\n)*${id.slice(0, 12)} +mine +bridge +local`),
    );
    expect(await daemon.print(['network', 'ls', '-q', '--no-trunc', '--filter', 'label=a=b'])).toBe(id);
    await daemon.print(['run', '-d', '--name', 'web', '--network', 'name=mine,alias=www', '-p', '80', image, ...webServer]);
    await daemon.print(['run', '-d', '--name', 'other', image, 'sleep', '600']);
    await daemon.print(['network', 'connect', 'mine', 'other']);
    await expect
      .poll(() => daemon.jocker(['exec', 'other', 'wget', '-q', '-O', '-', 'http://www/']).then(({ stdout }) => stdout), {
        timeout: 10_000,
      })
      .toBe('hello\n');
    const address = await daemon.print(['port', 'web', '80']);
    expect(await daemon.print(['port', 'web'])).toBe(`80/tcp -> ${address}`);
    expect(await answerOf(address)).toBe('hello');
    expect(await daemon.print(['ps'])).toContain(`${address}->80/tcp`);
    const refused = await daemon.jocker(['network', 'rm', 'mine']);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('has active endpoints: web, other')]);
    await daemon.print(['network', 'disconnect', 'mine', 'other']);
    await daemon.print(['rm', '-f', 'web', 'other']);
    expect(await daemon.print(['network', 'prune', '--force'])).toContain('mine');
    expect((await daemon.jocker(['run', '--link', 'web', image])).stderr).toContain('--link is not supported');
  });
});

test('a hundred containers come and go on a network and leave no address, interface or rule', { timeout: 120_000 }, async () => {
  await using daemon = await startDaemon();
  const { client, engineId } = daemon;
  await client.images.pull(image);
  await client.networks.create({ name: 'crowd' });
  const before = await networkTracesOf(engineId);
  const ports = [{ protocol: 'tcp', containerPort: 80 }] as const;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < 100) {
      const name = `one-of-many-${next++}`;
      // The name server reads what changed a moment later.
      const command = ['sh', '-c', `for try in 1 2 3 4 5 6 7 8 9; do ping -c 1 -W 1 ${name} && exit 0; sleep 0.2; done; exit 1`];
      const { id } = await client.containers.create({ image, name, network: 'crowd', ports, command });
      await client.containers.start(id);
      expect(await client.containers.wait(id)).toEqual({ exitCode: 0 });
      await client.containers.remove(id);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  expect((await client.networks.inspect('crowd')).containers).toEqual([]);
  await expect.poll(() => networkTracesOf(engineId), { timeout: 10_000 }).toEqual(before);
});

/** Something that listens on this machine and says `outside`. */
async function listenOutside(): Promise<{ readonly address: string; readonly port: number } & Disposable> {
  const server: Server = createServer((socket) => socket.on('error', () => undefined).end('outside'));
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const own = networkInterfaces()['eth0']?.find(({ family }) => family === 'IPv4');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return { address: own?.address ?? '', port, [Symbol.dispose]: () => void server.close() };
}

/** A name server that knows 192.0.2.7 for every name. */
async function answerNames(): Promise<{ readonly address: string } & Disposable> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const end = query.indexOf(0, 12) + 5;
    const isAddress = query.readUInt16BE(end - 4) === 1;
    const header = Buffer.from([...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0]);
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 7]);
    socket.send(Buffer.concat([header, query.subarray(12, end), ...(isAddress ? [answer] : [])]), from.port, from.address);
  });
  const random = (): number => 2 + Math.floor(Math.random() * 250);
  const address = `127.${random()}.${random()}.${random()}`;
  socket.bind(53, address);
  await once(socket, 'listening');
  return { address, [Symbol.dispose]: () => void socket.close() };
}
