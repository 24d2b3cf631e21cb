import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { collect, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { dockerCli, type DockerCli } from '../support/docker.ts';

let daemon: TestDaemon;
let docker: DockerCli;
beforeAll(async () => {
  daemon = await startDaemon();
  docker = dockerCli(daemon);
  await docker.print(['pull', '-q', 'host:busybox']);
});
afterEach(async () => {
  for (const { id } of await daemon.client.containers.list()) await docker.run(['rm', '-f', id]);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
async function call(method: string, path: string, body?: string): Promise<Answer> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const asked = request({ socketPath: daemon.socketPath, method, path, headers, agent: false });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
}

test('version names both ends and the versions that are spoken', async () => {
  const version = JSON.parse(await docker.print(['version', '--format', '{{json .}}'])) as {
    Server: Record<string, unknown>;
    Client: Record<string, unknown>;
  };
  expect(version.Server).toMatchObject({ ApiVersion: '1.50', MinAPIVersion: '1.24', Os: 'linux' });
  expect(version.Client['ApiVersion']).toBe('1.50');
});

test('info tells the engine, its runtimes and its numbers', async () => {
  await docker.print(['create', '--name', 'counted', 'host:busybox']);
  const info = JSON.parse(await docker.print(['info', '--format', '{{json .}}'])) as Record<string, unknown>;
  expect(info).toMatchObject({
    Containers: 1,
    ContainersRunning: 0,
    Images: 1,
    OSType: 'linux',
    DefaultRuntime: 'crun',
    Runtimes: { crun: {}, runc: {} },
  });
  expect(info['ServerErrors']).toBeUndefined();
});

test.each(['GET', 'HEAD'])('%s _ping has the headers by which clients choose a version', async (method) => {
  const answer = await call(method, '/_ping');
  expect(answer).toMatchObject({
    status: 200,
    body: method === 'GET' ? 'OK' : '',
    headers: {
      'api-version': '1.50',
      'docker-experimental': 'false',
      ostype: 'linux',
      swarm: 'inactive',
      'content-type': 'text/plain; charset=utf-8',
    },
  });
});

describe('versions', () => {
  test.each(['/containers/json', '/v1.24/containers/json', '/v1.50/containers/json'])('%s is answered', async (path) => {
    expect(await call('GET', path)).toMatchObject({ status: 200, body: '[]\n' });
  });

  test('an old CLI version works', async () => {
    expect(await docker.print(['run', '--rm', 'host:busybox', 'echo', 'old'], { env: { DOCKER_API_VERSION: '1.24' } })).toBe('old');
  });

  test.each([
    ['1.23', /client version 1\.23 is too old\. Minimum supported API version is 1\.24/],
    ['1.99', /client version 1\.99 is too new\. Maximum supported API version is 1\.50/],
  ])('%s is refused with the version that would do', async (version, words) => {
    expect(await docker.run(['ps'], { env: { DOCKER_API_VERSION: version } })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(words) as string,
    });
  });
});

describe('events', () => {
  test('of a life are told in order, with filters, and between two times', async () => {
    await docker.print(['run', '--name', 'told', '--label', 'a=b', 'host:busybox', 'sh', '-c', 'exit 3'], {}).catch(() => undefined);
    await docker.print(['rm', 'told']);
    // Of a duration the CLI sends whole seconds only.
    const now = (Date.now() / 1000).toFixed(3);
    const past = (...flags: readonly string[]): Promise<string> =>
      docker.print(['events', '--since', '10m', '--until', now, '--format', '{{.Action}}', ...flags]);
    const actions = (await past('--filter', 'container=told')).split('\n');
    expect(actions.filter((action) => ['create', 'start', 'die', 'destroy'].includes(action))).toEqual([
      'create',
      'start',
      'die',
      'destroy',
    ]);
    expect(await past('--filter', 'container=told', '--filter', 'event=die')).toBe('die');
    expect(await past('--filter', 'label=a=b', '--filter', 'event=start')).toBe('start');
    expect(await past('--filter', 'type=image', '--filter', 'event=pull')).toBe('pull');
    expect(await past('--filter', 'type=volume')).toBe('');
    const died = await docker.print([
      'events',
      '--since',
      '10m',
      '--until',
      now,
      '--filter',
      'event=die',
      '--filter',
      'container=told',
      '--format',
      '{{.Actor.Attributes.exitCode}} {{.Actor.Attributes.image}}',
    ]);
    expect(died).toBe('3 host:busybox');
  });

  test('are followed as they come', async () => {
    const child = docker.start(['events', '--filter', 'container=live', '--format', '{{.Action}}']);
    const ran = collect(child);
    const first = once(child.stdout as NodeJS.ReadableStream, 'data');
    // The CLI does not say when it listens: what happens is repeated until it is heard.
    const heard = await (async () => {
      for (;;) {
        await docker.print(['create', '--name', 'live', 'host:busybox']);
        await docker.print(['rm', 'live']);
        const found = await Promise.race([first, Promise.resolve(undefined)]);
        if (found !== undefined) return String(found[0]);
      }
    })();
    expect(heard).toMatch(/^(create|destroy)/);
    child.kill('SIGTERM');
    await ran;
  });

  test('end at a time to come', async () => {
    const ran = docker.print(['events', '--since', '0s', '--until', String(Date.now() / 1000 + 1), '--filter', 'type=volume']);
    expect(await ran).toBe('');
  });
});

test('system df counts what is there', async () => {
  await docker.print(['run', '--name', 'grown', 'host:busybox', 'sh', '-c', 'head -c 100000 /dev/zero >/file']);
  const lines = (await docker.print(['system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}}'])).split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^Images 1 1 [1-9].*MB$/),
    expect.stringMatching(/^Containers 1 0 1\d\d.*kB$/),
    'Local Volumes 0 0 0B',
    'Build Cache 0 0 0B',
  ]);
});

test('system prune removes what is not used', async () => {
  await docker.print(['run', '--name', 'ended', 'host:busybox', 'true']);
  expect(await docker.print(['system', 'prune', '-f'])).toContain('Deleted Containers:');
  expect(await docker.print(['ps', '-aq'])).toBe('');
});

test('login at nothing fails with words', async () => {
  expect(await docker.run(['login', '-u', 'me', '--password-stdin', '127.0.0.1:1'], { input: 'secret' })).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/127\.0\.0\.1:1 cannot be reached/) as string,
  });
});

test('networks and volumes are listed', async () => {
  expect(await docker.print(['network', 'ls', '--format', '{{.Name}} {{.Driver}}'])).toMatch(/^(bridge bridge\n)?host host\nnone null$/);
  expect(await docker.print(['network', 'inspect', '-f', '{{.Scope}}', 'host'])).toBe('local');
  expect(await docker.print(['volume', 'ls', '-q'])).toBe('');
});

test.each([
  [['swarm', 'init'], 'this engine has no swarm'],
  [['service', 'ls'], 'this engine has no swarm'],
  [['plugin', 'ls'], "Docker's plugins are not supported"],
  [['build', '-'], 'images cannot be built yet'],
  [['search', 'busybox'], 'there is no search of registries'],
  [['run', '--rm', '--link', 'web', 'host:busybox', 'true'], '--link is not supported'],
])('docker %j is refused with a sentence', async (args, sentence) => {
  const ran = await docker.run(args);
  expect(ran.exitCode).not.toBe(0);
  expect(ran.stderr).toContain(sentence);
});

test.each([
  ['POST', '/containers/create', '{"Image":'],
  ['POST', '/containers/create', '[]'],
  ['POST', '/containers/create', '{"Image":"host:busybox","Env":1}'],
  ['GET', '/containers/json?filters={', undefined],
  ['GET', '/containers/json?filters={"wild":["a"]}', undefined],
  ['GET', '/events?since=yesterday', undefined],
])('%s %s with %s is 400 with a message', async (method, path, body) => {
  const answer = await call(method, path.replaceAll('"', '%22').replaceAll('{', '%7B'), body);
  expect([answer.status, answer.headers['content-type']]).toEqual([400, 'application/json']);
  expect(JSON.parse(answer.body)).toEqual({ message: expect.any(String) as string });
});
