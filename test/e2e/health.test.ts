import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { dockerCli, type DockerCli } from '../support/docker.ts';

let daemon: TestDaemon;
let docker: DockerCli;
beforeAll(async () => {
  daemon = await startDaemon();
  docker = dockerCli(daemon);
  await daemon.print(['pull', '-q', 'host:busybox']);
});
afterEach(async () => {
  for (const { id } of await daemon.client.containers.list()) await daemon.jocker(['rm', '-f', '-v', id]);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

const healthOf = async (name: string): Promise<string | null> => (await daemon.client.containers.inspect(name)).health;
const patience = { timeout: 20_000 };

describe.each(['crun', 'runc'])('a container of %s with a health check', (runtime) => {
  const run = (name: string, command: string, more: readonly string[] = []): Promise<string> => {
    const check = ['--health-cmd', command, '--health-interval', '100ms', '--health-retries', '2', ...more];
    return docker.print([
      'run',
      '-d',
      '--runtime',
      runtime,
      '--name',
      name,
      ...check,
      'host:busybox',
      'sh',
      '-c',
      'touch /good; exec sleep 1000',
    ]);
  };

  test('turns healthy, unhealthy and healthy again, each told once', async () => {
    const events = docker.start(['events', '--filter', 'event=health_status', '--format', '{{.Action}}']);
    await run('checked', 'test -e /good');
    await expect.poll(() => healthOf('checked'), patience).toBe('healthy');
    expect(await docker.print(['ps', '--format', '{{.Status}}'])).toContain('(healthy)');
    await daemon.print(['exec', 'checked', 'rm', '/good']);
    await expect.poll(() => healthOf('checked'), patience).toBe('unhealthy');
    await daemon.print(['exec', 'checked', 'touch', '/good']);
    await expect.poll(() => healthOf('checked'), patience).toBe('healthy');
    let told = '';
    events.stdout?.on('data', (chunk: Buffer) => (told += chunk.toString()));
    await expect
      .poll(() => told.trim().split('\n').slice(-3), patience)
      .toEqual(['health_status: healthy', 'health_status: unhealthy', 'health_status: healthy']);
    events.kill();
    await once(events, 'exit');
  });

  test('keeps the newest five results with their output', async () => {
    await run('talking', 'echo it is fine; exit 3');
    await expect.poll(async () => (await daemon.client.containers.inspect('talking')).healthState?.log.length, patience).toBe(5);
    const health = JSON.parse(await docker.print(['inspect', 'talking', '--format', '{{json .State.Health}}'])) as {
      Status: string;
      Log: { ExitCode: number; Output: string }[];
    };
    expect(health.Status).toBe('unhealthy');
    expect(health.Log.at(-1)).toMatchObject({ ExitCode: 3, Output: 'it is fine\n' });
  });

  test('has its check ended when it takes too long', async () => {
    await run('slow', 'sleep 100', ['--health-timeout', '200ms']);
    await expect.poll(() => healthOf('slow'), patience).toBe('unhealthy');
    const { healthState } = await daemon.client.containers.inspect('slow');
    expect(healthState?.log[0]).toMatchObject({ exitCode: -1, output: 'Health check exceeded timeout (0.2s)' });
  });

  test('is not checked while it is paused, nor after its end', async () => {
    await run('resting', 'test -e /good');
    await expect.poll(() => healthOf('resting'), patience).toBe('healthy');
    await docker.print(['pause', 'resting']);
    const before = await daemon.client.containers.inspect('resting');
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect((await daemon.client.containers.inspect('resting')).healthState?.log.at(-1)).toEqual(before.healthState?.log.at(-1));
    await docker.print(['unpause', 'resting']);
    await docker.print(['stop', '-t', '0', 'resting']);
    expect(await healthOf('resting')).toBeNull();
  });

  test('shows no exec sessions of its checks', async () => {
    await run('quiet', 'true');
    await expect.poll(() => healthOf('quiet'), patience).toBe('healthy');
    expect(await daemon.client.execs.list('quiet')).toEqual([]);
  });
});

test('checks go on after the daemon was killed', async () => {
  await daemon.print([
    'run',
    '-d',
    '--name',
    'steady',
    '--health-cmd',
    'test -e /good',
    '--health-interval',
    '100ms',
    'host:busybox',
    'sleep',
    '1000',
  ]);
  await expect.poll(() => healthOf('steady'), patience).toBe('unhealthy');
  await daemon.restart('SIGKILL');
  expect(await healthOf('steady')).toBe('unhealthy');
  await daemon.print(['exec', 'steady', 'touch', '/good']);
  await expect.poll(() => healthOf('steady'), patience).toBe('healthy');
});

test('a start begins with no result of the run before', async () => {
  await daemon.print([
    'run',
    '-d',
    '--name',
    'again',
    '--health-cmd',
    'true',
    '--health-interval',
    '300ms',
    'host:busybox',
    'sleep',
    '1000',
  ]);
  await expect.poll(() => healthOf('again'), patience).toBe('healthy');
  await daemon.print(['restart', '-t', '0', 'again']);
  expect(['starting', 'healthy']).toContain(await healthOf('again'));
  expect((await daemon.client.containers.inspect('again')).healthState?.log.length).toBeLessThanOrEqual(1);
});
