import { Readable, PassThrough, type Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import Docker from 'dockerode';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { collect, startDaemon, type TestDaemon } from '../support/daemon.ts';

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon();
  await daemon.print(['pull', '-q', 'host:busybox']);
});
afterEach(async () => {
  for (const { id } of await daemon.client.containers.list()) await daemon.jocker(['rm', '-f', id]);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

describe('dockerode', () => {
  let docker: Docker;
  beforeAll(() => {
    docker = new Docker({ socketPath: daemon.socketPath });
  });

  /** What came on each stream of a connection with frames. */
  async function demultiplexed(stream: NodeJS.ReadableStream): Promise<readonly [string, string]> {
    const [out, err] = [new PassThrough(), new PassThrough()];
    docker.modem.demuxStream(stream, out, err);
    stream.on('end', () => {
      out.end();
      err.end();
    });
    return Promise.all([text(out), text(err)]);
  }

  test('attaches before the start, talks with the process and waits for its end', async () => {
    const container = await docker.createContainer({
      Image: 'host:busybox',
      Cmd: ['sh', '-c', 'echo ready >&2; cat; exit 6'],
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = (await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true })) as Duplex;
    const said = demultiplexed(stream);
    const ended = container.wait() as Promise<{ StatusCode: number }>;
    await container.start();
    stream.end('hello');
    expect(await said).toEqual(['hello', 'ready\n']);
    expect(await container.wait()).toEqual({ StatusCode: 6 });
    expect(await ended).toHaveProperty('StatusCode');
  });

  test('runs an exec with stdin and reads its code', async () => {
    const container = await docker.createContainer({ Image: 'host:busybox', Cmd: ['sleep', '1000'] });
    await container.start();
    const exec = await container.exec({
      Cmd: ['sh', '-c', 'cat; echo done >&2; exit 4'],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({ hijack: true, stdin: true });
    const said = demultiplexed(stream);
    stream.end('input');
    expect(await said).toEqual(['input', 'done\n']);
    expect(await exec.inspect()).toMatchObject({ ExitCode: 4, Running: false });
  });

  test('runs an exec at a terminal, and one detached', async () => {
    const container = await docker.createContainer({ Image: 'host:busybox', Cmd: ['sleep', '1000'] });
    await container.start();
    const exec = await container.exec({ Cmd: ['sh', '-c', 'test -t 1 && echo terminal'], AttachStdout: true, Tty: true });
    expect(await text(await exec.start({ Tty: true }))).toBe('terminal\r\n');
    const detached = await container.exec({ Cmd: ['true'] });
    await detached.start({ Detach: true });
    await expect.poll(async () => (await detached.inspect()).Running, { timeout: 20_000 }).toBe(false);
  });

  test('reads logs whole and followed', async () => {
    const container = await docker.createContainer({ Image: 'host:busybox', Cmd: ['sh', '-c', 'echo out; echo err >&2'] });
    await container.start();
    const followed = await container.logs({ follow: true, stdout: true, stderr: true });
    expect(await demultiplexed(followed)).toEqual(['out\n', 'err\n']);
    const whole = (await container.logs({ follow: false, stdout: true, stderr: true })) as unknown as Buffer;
    expect(await demultiplexed(Readable.from([whole]))).toEqual(['out\n', 'err\n']);
  });

  test('hears events', async () => {
    const stream = (await docker.getEvents({ filters: { event: ['create'] } })) as Readable;
    const first = once(stream, 'data');
    const { id } = await docker.createContainer({ Image: 'host:busybox' });
    const [line] = (await first) as [Buffer];
    expect(JSON.parse(line.toString())).toMatchObject({ Type: 'container', Action: 'create', Actor: { ID: id } });
    stream.destroy();
  });

  test('puts an archive in and takes one out', async () => {
    const directory = await mkdtemp(join(daemon.directory, 'archive-'));
    await writeFile(join(directory, 'file'), 'content');
    const tar = (args: readonly string[]): ChildProcessWithoutNullStreams => spawn('tar', args, { cwd: directory });
    const container = await docker.createContainer({ Image: 'host:busybox' });
    const { stdoutBytes } = await collect(tar(['-cf', '-', 'file']));
    await container.putArchive(stdoutBytes, { path: '/tmp' });
    const archive = await buffer(await container.getArchive({ path: '/tmp/file' }));
    expect(await collect(tar(['-xOf', '-', 'file']), archive)).toMatchObject({ exitCode: 0, stdout: 'content' });
  });

  test('reads stats once and as a stream', async () => {
    const container = await docker.createContainer({ Image: 'host:busybox', Cmd: ['sleep', '1000'] });
    await container.start();
    const sample = await container.stats({ stream: false });
    expect(sample).toMatchObject({ cpu_stats: { online_cpus: expect.any(Number) as number }, pids_stats: { current: 1 } });
    expect(sample.memory_stats.usage).toBeGreaterThan(0);
    expect(sample.precpu_stats.system_cpu_usage).toBeGreaterThan(0);
    const stream = (await container.stats({ stream: true })) as unknown as Readable;
    const [line] = (await once(stream, 'data')) as [Buffer];
    expect(JSON.parse(line.toString())).toMatchObject({ name: expect.stringMatching(/^\//) as string });
    stream.destroy();
  });

  test('finds, lists and removes, and gets the status of what fails', async () => {
    const container = await docker.createContainer({ Image: 'host:busybox', name: 'named', Labels: { a: 'b' } });
    expect(await docker.listContainers({ all: true, filters: { label: ['a=b'] } })).toMatchObject([
      { Id: container.id, Names: ['/named'] },
    ]);
    await expect(docker.createContainer({ Image: 'host:busybox', name: 'named' })).rejects.toMatchObject({ statusCode: 409 });
    await container.remove();
    await expect(container.inspect()).rejects.toMatchObject({ statusCode: 404 });
    expect((await docker.listImages()).flatMap(({ RepoTags }) => RepoTags)).toContain('host:busybox');
  });

  test('pulls with progress and saves', async () => {
    const stream = await docker.pull('host:busybox');
    const messages = await new Promise<readonly { status: string }[]>((resolve, reject) => {
      docker.modem.followProgress(stream, (error, output) => (error === null ? resolve(output as { status: string }[]) : reject(error)));
    });
    expect(messages.at(-1)?.status).toContain('host:busybox');
    const saved = await docker.getImage('host:busybox').get();
    expect((await buffer(saved)).length).toBeGreaterThan(1_000_000);
    await finished(saved as Readable).catch(() => undefined);
  });
});

describe('testcontainers', () => {
  beforeAll(() => {
    process.env['DOCKER_HOST'] = `unix://${daemon.socketPath}`;
    process.env['DOCKER_CONFIG'] = `${daemon.directory}/docker-config`;
    process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
    process.env['TESTCONTAINERS_HOST_OVERRIDE'] = '127.0.0.1';
  });

  test('starts a container, copies files, runs commands, reads logs and stops it', async () => {
    const { GenericContainer, Wait } = await import('testcontainers');
    const container = await new GenericContainer('host:busybox')
      .withNetworkMode('none')
      .withEnvironment({ A: 'value' })
      .withCopyContentToContainer([{ content: 'copied', target: '/tmp/file' }])
      .withCommand(['sh', '-c', 'echo "$A $(cat /tmp/file)"; echo started; exec sleep 1000'])
      .withWaitStrategy(Wait.forLogMessage('started'))
      .start();
    try {
      expect(await container.exec(['sh', '-c', 'cat /tmp/file; exit 3'])).toMatchObject({ exitCode: 3, output: 'copied' });
      await container.copyContentToContainer([{ content: 'later', target: '/tmp/later' }]);
      expect((await container.exec(['cat', '/tmp/later'])).output).toBe('later');
      const [line] = (await once(await container.logs(), 'data')) as [Buffer];
      expect(line.toString()).toContain('value copied');
      await container.restart({ timeout: 0 });
    } finally {
      await container.stop({ timeout: 0 });
    }
    expect(await daemon.client.containers.list()).toEqual([]);
  });

  test('waits for a command to succeed, on the network of the host', async () => {
    const { GenericContainer, Wait } = await import('testcontainers');
    const container = await new GenericContainer('host:busybox')
      .withNetworkMode('host')
      .withTmpFs({ '/work': 'rw,size=1m' })
      .withCommand(['sh', '-c', 'touch /work/ready; exec sleep 1000'])
      .withWaitStrategy(Wait.forSuccessfulCommand('test -e /work/ready'))
      .start();
    expect(container.getName()).toMatch(/^\/?[\w.-]+$/);
    await container.stop({ timeout: 0 });
  });

  test('finds published ports, and containers of a network by their aliases', async () => {
    const { GenericContainer, Network, Wait } = await import('testcontainers');
    await using network = await new Network().start();
    await using web = await new GenericContainer('host:busybox')
      .withNetwork(network)
      .withNetworkAliases('web')
      .withExposedPorts(80)
      .withCommand(['sh', '-c', 'mkdir /w; echo hello >/w/index.html; exec httpd -f -p 80 -h /w'])
      .withWaitStrategy(Wait.forHttp('/', 80))
      .start();
    const answer = await fetch(`http://${web.getHost()}:${web.getMappedPort(80)}/`);
    expect((await answer.text()).trim()).toBe('hello');
    await using other = await new GenericContainer('host:busybox').withNetwork(network).withCommand(['sleep', '600']).start();
    expect(await other.exec(['wget', '-q', '-O', '-', 'http://web/'])).toMatchObject({ exitCode: 0, output: 'hello\n' });
  });
});
