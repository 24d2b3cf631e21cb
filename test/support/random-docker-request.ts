import { dockerRoutes } from '@jocker/server';
import type { Random } from './random.ts';

export interface RandomRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

export interface RandomContext {
  readonly random: Random;
  /** Names and ids that exist, or did. */
  readonly names: readonly string[];
  readonly execIds: readonly string[];
  /** Where mounts of this machine may come from: nothing outside of it is touched. */
  readonly directory: string;
}

const oddTexts = [
  '',
  ' ',
  '0',
  '-1',
  'null',
  'true',
  'a'.repeat(5000),
  '../..',
  '%',
  '😀',
  '\u0000',
  '\n',
  '__proto__',
  'constructor',
  '{}',
  '[]',
  'a=b',
  '1e999',
];
const versions = ['', '', '', '', '', '', '', '/v1.24', '/v1.41', '/v1.50'];
const oddVersions = ['/v1.23', '/v1.51', '/v99.99', '/v1', '/vx.y'];
const contentTypes = [
  'application/json',
  'application/json',
  'application/json; charset=utf-8',
  'application/x-tar',
  'text/plain',
  'odd',
  'a/b; c=d',
  '',
  'multipart/form-data; boundary=x',
];
const queryNames = [
  'all',
  'limit',
  'size',
  'before',
  'since',
  'until',
  'filters',
  'name',
  'platform',
  't',
  'signal',
  'condition',
  'force',
  'v',
  'link',
  'h',
  'w',
  'stdout',
  'stderr',
  'stdin',
  'stream',
  'logs',
  'tail',
  'timestamps',
  'one-shot',
  'path',
  'noOverwriteDirNonDir',
  'copyUIDGID',
  'ps_args',
  'repo',
  'tag',
  'fromSrc',
  'changes',
  'comment',
  'author',
  'pause',
  'container',
  'names',
  'noprune',
  'detachKeys',
  'type',
  'digests',
  'message',
  'checkpoint',
  'follow',
];
const queryValues = [
  '1',
  '0',
  'true',
  'false',
  '10',
  '-5',
  'SIGTERM',
  '9',
  'not-running',
  'next-exit',
  'removed',
  '/tmp',
  '/',
  '/proc/self',
  'web',
  'a:b',
  '2020-01-01T00:00:00Z',
  '1700000000.5',
  '10m',
  'ctrl-p,ctrl-q',
  '-',
  'ENV A=1',
  'CMD ["a"]',
  'RUN x',
  '-ef',
  '-o pid',
  '{"status":["running"]}',
  '{"name":{"(a+)+$":true}}',
  '{"label":["a=b"]}',
  '{"dangling":["maybe"]}',
  '{"x":1}',
  '{',
  '[1]',
  'host:busybox',
  'linux/amd64',
  'a/b/c/d',
];

const networkNames = ['net-a', 'net-b', 'net-c'];
const signalled = ['sh', '-c', 'trap "exit 0" TERM; echo hello; sleep 1000'];
/** Bodies from which the mutations start. A mount's source is never changed. */
function templateOf(path: string, { directory, random, names }: RandomContext): unknown {
  if (path === '/networks/create')
    return {
      Name: random.pick(networkNames),
      Driver: 'fake',
      Internal: random.chance(0.2),
      IPAM: { Driver: 'default', Config: random.chance(0.5) ? [] : [{ Subnet: '10.200.7.0/24', Gateway: '10.200.7.1' }] },
      Options: {},
      Labels: { a: 'b' },
    };
  if (path === '/networks/{id}/connect' || path === '/networks/{id}/disconnect')
    return { Container: random.pick(names), EndpointConfig: { Aliases: ['db'], IPAMConfig: { IPv4Address: '10.200.7.9' } }, Force: false };
  if (path.endsWith('/create'))
    return {
      Image: 'host:busybox',
      Cmd: signalled,
      Env: ['A=1'],
      Labels: { a: 'b' },
      Tty: false,
      OpenStdin: true,
      StopTimeout: 1,
      User: '0',
      WorkingDir: '/tmp',
      Healthcheck: { Test: ['CMD', 'true'], Interval: 1 },
      ExposedPorts: { '80/tcp': {} },
      HostConfig: {
        NetworkMode: random.pick(['none', 'default', 'bridge', 'host', 'container:web', ...networkNames]),
        PortBindings: { '80/tcp': [{ HostIp: '', HostPort: random.pick(['', '8080', '8000-8010']) }] },
        PublishAllPorts: random.chance(0.1),
        Memory: 1 << 26,
        NanoCpus: 1e9,
        PidsLimit: 10,
        CapAdd: ['NET_ADMIN'],
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        Tmpfs: { '/t': 'size=1m' },
        Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }],
        RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
        Sysctls: { 'net.ipv4.ip_forward': '1' },
        Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/null', CgroupPermissions: 'r' }],
        ConsoleSize: [24, 80],
        AutoRemove: false,
        Binds: [`${directory}/bind:/bind:ro`],
      },
      NetworkingConfig: { EndpointsConfig: {} },
    };
  if (path.endsWith('/exec'))
    return { Cmd: ['echo', 'hello'], AttachStdout: true, Tty: false, Env: ['A=1'], User: '', ConsoleSize: [24, 80] };
  if (path.endsWith('/start')) return { Detach: false, Tty: false };
  if (path.endsWith('/update')) return { Memory: 1 << 27, MemorySwap: -1, CpuShares: 10, RestartPolicy: { Name: '' } };
  if (path === '/auth') return { username: 'a', password: 'b', serveraddress: '127.0.0.1:1' };
  return { Env: ['A=1'], Cmd: ['true'] };
}

const creating = dockerRoutes.filter(({ path }) =>
  ['/containers/create', '/containers/{id}/exec', '/containers/{id}/start'].includes(path),
);

export function randomDockerRequest(context: RandomContext): RandomRequest {
  const { random } = context;
  // Most calls need something that is there.
  const route = random.pick(random.chance(0.15) ? creating : dockerRoutes);
  const method = random.chance(0.95) ? route.method : random.pick(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS']);
  const version = random.pick(random.chance(0.03) ? oddVersions : versions);
  const path = version + route.path.replace(/\{(\w+)\*?\}/g, () => encodePath(nameFor(route.path, context), random));
  const hasBody = method === 'POST' || method === 'PUT' || random.chance(0.02);
  const body = hasBody && random.chance(0.9) ? randomBody(templateOf(route.path, context), random) : undefined;
  const contentType = random.chance(0.7) ? 'application/json' : random.pick(contentTypes);
  const upgrades = /\/(attach|start)$/.test(route.path) && random.chance(0.5);
  return {
    method,
    path: `${path}${randomQuery(random)}`,
    headers: {
      ...(body === undefined || contentType === '' ? {} : { 'content-type': contentType }),
      ...(upgrades ? { connection: 'Upgrade', upgrade: 'tcp' } : {}),
      ...(random.chance(0.05) ? { 'x-registry-auth': random.pick(['e30', '!!', 'eyJ1c2VybmFtZSI6MX0', 'bnVsbA']) } : {}),
    },
    body,
  };
}

function nameFor(path: string, { random, names, execIds }: RandomContext): string {
  if (random.chance(0.15)) return random.pick(oddTexts.filter((text) => text !== ''));
  if (path.startsWith('/exec') && execIds.length > 0) return random.pick(execIds);
  if (path.startsWith('/networks') && random.chance(0.8)) return random.pick([...networkNames, 'bridge', 'host', 'none']);
  if (path.startsWith('/images') && random.chance(0.5))
    return random.pick(['host:busybox', 'a/b:1', 'registry.invalid/a@sha256:00', 'sha256:' + '0'.repeat(64)]);
  return random.pick([...names, 'nobody']);
}

function encodePath(text: string, random: Random): string {
  return random.chance(0.97) ? encodeURIComponent(text) : `%zz${encodeURIComponent(text.slice(0, 20))}//..`;
}

function randomQuery(random: Random): string {
  const count = random.whole(5);
  if (count === 0) return '';
  const value = (): string => (random.chance(0.85) ? random.pick(queryValues) : random.pick(oddTexts));
  return `?${Array.from({ length: count }, () => `${random.pick(queryNames)}=${encodeURIComponent(value())}`).join('&')}`;
}

function randomBody(template: unknown, random: Random): Buffer {
  const kind = random.whole(20);
  if (kind === 0) return Buffer.from(Array.from({ length: random.whole(200) }, () => random.whole(256)));
  if (kind === 1) return Buffer.from(JSON.stringify(template).slice(0, random.whole(200)));
  if (kind === 2) return Buffer.from(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
  if (kind === 3) return Buffer.from(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`);
  if (kind === 4)
    return Buffer.from(
      random.pick(['null', '1', '"text"', '[]', 'true', '{}', '', '{"__proto__":{"a":1}}', '{"constructor":{"prototype":1}}']),
    );
  if (kind === 5 && random.chance(0.05)) return Buffer.alloc(9 << 20, 0x20);
  if (kind < 13) return Buffer.from(JSON.stringify(template));
  return Buffer.from(JSON.stringify(mutated(template, random)));
}

/** One or more values replaced, dropped or added anywhere but in what names files of this machine. */
function mutated(value: unknown, random: Random): unknown {
  const odd = (): unknown =>
    random.pick<unknown>([
      null,
      true,
      -1,
      0,
      1.5,
      1e300,
      2 ** 53,
      '',
      'text',
      [],
      {},
      [null],
      [[1]],
      { a: null },
      'x'.repeat(70_000),
      '\u0000',
      ...oddTexts,
    ]);
  if (Array.isArray(value)) {
    if (random.chance(0.05)) return odd();
    return (value as unknown[]).map((item) => (random.chance(0.15) ? odd() : mutated(item, random)));
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
      if (name === 'Binds' || name === 'Devices') return [[name, item]];
      if (random.chance(0.04)) return [];
      return [[name, random.chance(0.06) ? odd() : mutated(item, random)]];
    });
    if (random.chance(0.1))
      entries.push([random.pick(['Odd', 'Volumes', 'Links', 'Mounts', 'Runtime', 'UsernsMode', 'Init', 'MaskedPaths']), odd()]);
    return Object.fromEntries(entries);
  }
  return random.chance(0.03) ? odd() : value;
}
