import { spawn } from 'node:child_process';
import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { collect, startDaemon, type Ran, type TestDaemon } from '../support/daemon.ts';
import { dockerCli, type DockerCli } from '../support/docker.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

let daemon: TestDaemon;
let docker: DockerCli;
let registry: TestRegistry;
beforeAll(async () => {
  [daemon, registry] = await Promise.all([startDaemon(), startRegistry()]);
  docker = dockerCli(daemon);
  await docker.print(['pull', '-q', 'host:busybox']);
});
afterEach(async () => {
  for (const { id } of await daemon.client.containers.list()) await docker.run(['rm', '-f', id]);
  for (const { id, references } of await daemon.client.images.list())
    if (!references.includes('host:busybox')) await docker.run(['rmi', '-f', id]);
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

const skopeo = (...args: readonly string[]): Promise<Ran> => collect(spawn('skopeo', args, { stdio: ['pipe', 'pipe', 'pipe'] }));
/** An image that no other test has. */
async function imageOf(name: string, content: string): Promise<string> {
  await docker.print(['run', '--name', 'source', 'host:busybox', 'sh', '-c', `echo ${content} >/content`]);
  const id = await docker.print(['commit', 'source', name]);
  await docker.print(['rm', 'source']);
  return id;
}

test('a pull tells its digest, and again that nothing is newer', async () => {
  expect(await docker.print(['pull', 'host:busybox'])).toMatch(/Digest: sha256:[0-9a-f]{64}\nStatus: Image is up to date for host:busybox/);
  expect(await docker.print(['images', '--format', '{{.Repository}}:{{.Tag}}'])).toBe('host:busybox');
});

test('an image is pushed, removed, pulled and run', async () => {
  const name = `${registry.host}/team/app:1`;
  const id = await imageOf(name, 'pushed');
  const pushed = await docker.print(['push', name]);
  expect(pushed).toMatch(/The push refers to repository \[127[^]*Pushed[^]*1: digest: sha256:[0-9a-f]{64} size: \d+/);
  expect(await docker.print(['rmi', name])).toContain(`Untagged: ${name}`);
  expect((await docker.run(['image', 'inspect', name])).exitCode).toBe(1);
  expect(await docker.print(['pull', name])).toMatch(/Pull complete|Already exists/);
  expect(await docker.print(['image', 'inspect', '-f', '{{.Id}}', name])).toBe(id);
  expect(await docker.print(['run', '--rm', name, 'cat', '/content'])).toBe('pushed');
  const digest = await docker.print(['image', 'inspect', '-f', '{{index .RepoDigests 0}}', name]);
  expect(digest).toMatch(new RegExp(`^${registry.host}/team/app@sha256:`));
  expect(await docker.print(['run', '--rm', digest, 'cat', '/content'])).toBe('pushed');
});

test('run pulls what is not there', async () => {
  const name = `${registry.host}/team/missing:1`;
  await imageOf(name, 'found');
  await docker.print(['push', '-q', name]);
  await docker.print(['rmi', name]);
  const ran = await docker.run(['run', '--rm', name, 'cat', '/content']);
  expect([ran.exitCode, ran.stdout, ran.stderr]).toEqual([0, 'found\n', expect.stringContaining('Unable to find image')]);
});

test('a layer that the registry has is not uploaded twice, nor for another repository', async () => {
  await using recorder = await recordUploads(registry.host);
  const name = `${recorder.host}/team/once:1`;
  await imageOf(name, 'once');
  await docker.print(['push', '-q', name]);
  expect(recorder.uploads.length).toBeGreaterThan(0);
  recorder.uploads.length = 0;
  expect(await docker.print(['push', name])).toContain('Layer already exists');
  expect(recorder.uploads).toEqual([]);
  const other = `${recorder.host}/others/once:1`;
  await docker.print(['tag', name, other]);
  const second = await docker.print(['push', other]);
  expect(second).toMatch(/Mounted from team\/once|Layer already exists/);
  expect(recorder.uploads).toEqual([]);
});

test('an image is tagged, untagged, and refused to be removed while a container uses it', async () => {
  await imageOf('local/app:1', 'tagged');
  await docker.print(['tag', 'local/app:1', 'local/app:2']);
  expect(await docker.print(['images', '--format', '{{.Tag}}', 'local/app'])).toMatch(/^(1\n2|2\n1)$/);
  expect(await docker.print(['rmi', 'local/app:1'])).toBe('Untagged: local/app:1');
  await docker.print(['create', '--name', 'user', 'local/app:2', 'true']);
  const refused = await docker.run(['rmi', 'local/app:2']);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('is used by container')]);
  await docker.print(['rm', 'user']);
  expect(await docker.print(['rmi', 'local/app:2'])).toMatch(/Untagged: local\/app:2\nDeleted: sha256:/);
  expect(await docker.run(['rmi', 'local/app:2'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('No such image') as string,
  });
});

test('what save wrote is read by skopeo and by load', async () => {
  const id = await imageOf('local/saved:1', 'saved');
  const archive = join(daemon.directory, 'saved.tar');
  await docker.print(['save', '-o', archive, 'local/saved:1', 'host:busybox']);
  const inspected = await skopeo('inspect', `docker-archive:${archive}:docker.io/local/saved:1`);
  expect([inspected.exitCode, inspected.stderr]).toEqual([0, '']);
  expect((JSON.parse(inspected.stdout) as { Layers: unknown[] }).Layers).toHaveLength(2);
  await docker.print(['rmi', 'local/saved:1']);
  expect(await docker.print(['load', '-i', archive])).toContain('Loaded image: local/saved:1');
  expect(await docker.print(['image', 'inspect', '-f', '{{.Id}}', 'local/saved:1'])).toBe(id);
  expect(await docker.print(['run', '--rm', 'local/saved:1', 'cat', '/content'])).toBe('saved');
});

test('what skopeo wrote is loaded', async () => {
  const name = `${registry.host}/team/skopeo:1`;
  await imageOf(name, 'copied');
  await docker.print(['push', '-q', name]);
  await docker.print(['rmi', name]);
  const archive = join(daemon.directory, 'skopeo.tar');
  const copied = await skopeo('copy', '--src-tls-verify=false', `docker://${name}`, `docker-archive:${archive}:local/copied:1`);
  expect([copied.exitCode, copied.stderr]).toEqual([0, '']);
  expect(await docker.print(['load', '-i', archive])).toContain('local/copied:1');
  expect(await docker.print(['run', '--rm', 'local/copied:1', 'cat', '/content'])).toBe('copied');
});

test('an exported container is imported as an image of one layer', async () => {
  await docker.print(['run', '--name', 'exported', 'host:busybox', 'sh', '-c', 'echo exported >/content']);
  const { stdoutBytes } = await docker.run(['export', 'exported']);
  const ran = await docker.run(['import', '-c', 'CMD ["cat", "/content"]', '-c', 'ENV A=1', '-m', 'by import', '-', 'local/imported:1'], {
    input: stdoutBytes,
  });
  expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/) as string });
  expect(await docker.print(['run', '--rm', 'local/imported:1'])).toBe('exported');
  expect(await docker.print(['image', 'inspect', '-f', '{{len .RootFS.Layers}} {{.Comment}} {{.Config.Env}}', 'local/imported:1'])).toBe(
    '1 by import [A=1]',
  );
});

test('a commit takes changes, author and message, and history tells them', async () => {
  await docker.print(['run', '--name', 'work', 'host:busybox', 'sh', '-c', 'echo x >/content']);
  const id = await docker.print([
    'commit',
    '-a',
    'me',
    '-m',
    'a message',
    '-c',
    'ENV B=2',
    '-c',
    'ENTRYPOINT ["echo"]',
    '-c',
    'CMD ["by", "commit"]',
    'work',
    'local/work:1',
  ]);
  expect(await docker.print(['run', '--rm', 'local/work:1'])).toBe('by commit');
  expect(await docker.print(['image', 'inspect', '-f', '{{.Id}} {{.Author}} {{.Comment}}', 'local/work:1'])).toBe(`${id} me a message`);
  const history = (await docker.print(['history', '--format', '{{.Comment}}|{{.Size}}', 'local/work:1'])).split('\n');
  expect([history.length, history[0]]).toEqual([2, expect.stringMatching(/^a message\|\d/)]);
});

test('prune removes what has no name, and with -a what no container uses', async () => {
  await imageOf('local/old:1', 'old');
  await imageOf('local/old:1', 'new');
  expect(await docker.print(['images', '-q', '--filter', 'dangling=true'])).toMatch(/^[0-9a-f]{12}$/);
  expect(await docker.print(['image', 'prune', '-f'])).toMatch(/Deleted Images:[^]*deleted: sha256:[^]*Total reclaimed space: [1-9]/);
  expect(await docker.print(['images', '-q', '--filter', 'dangling=true'])).toBe('');
  await docker.print(['create', '--name', 'keeps', 'host:busybox']);
  expect(await docker.print(['image', 'prune', '-af'])).toContain('untagged: local/old:1');
  expect(await docker.print(['images', '--format', '{{.Repository}}'])).toBe('host');
});

test.each([
  [['pull', '127.0.0.1:1/nothing'], /cannot be reached/],
  [['push', 'local/never:1'], /No such image|does not exist/],
  [['tag', 'local/never:1', 'a'], /No such image/],
  [['save', 'local/never:1'], /No such image/],
  [['history', 'local/never:1'], /No such image/],
  [['load'], /archive/],
])('docker %j fails with words', async (args, words) => {
  expect(await docker.run(args, { input: 'no archive' })).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(words) as string });
});

interface Recorder extends AsyncDisposable {
  readonly host: string;
  /** Uploads that carried bytes. */
  readonly uploads: string[];
}

/** A registry's own answers, with the uploads written down. */
async function recordUploads(target: string): Promise<Recorder> {
  const uploads: string[] = [];
  const server: Server = createServer((asked, answer) => {
    const path = asked.url ?? '/';
    if ((asked.method === 'PATCH' || asked.method === 'PUT') && path.includes('/blobs/uploads/'))
      uploads.push(`${asked.method} ${path.split('?')[0]}`);
    const [hostname, port] = target.split(':');
    const passed = request({ hostname, port, method: asked.method, path, headers: asked.headers, agent: false }, (given) => {
      answer.writeHead(given.statusCode ?? 500, given.headers);
      given.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    uploads,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
