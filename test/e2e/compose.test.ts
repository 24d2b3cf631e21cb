import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect, startDaemon, type Ran, type TestDaemon } from '../support/daemon.ts';

const storeImage = 'host:redis-server,redis-cli,sh,sleep';
const patience = { timeout: 20_000 };
const longTestMs = 120_000;

/** A web server, a data store and a job that fills the pages; the job waits for a healthy store, the server for the job. */
const file = (runtime: string): object => ({
  version: '2.4',
  services: {
    web: {
      image: 'host:busybox',
      runtime,
      // It has no handler for SIGTERM, and the kernel gives pid 1 none by default.
      stop_signal: 'SIGKILL',
      command: ['httpd', '-f', '-p', '80', '-h', '/www'],
      volumes: ['pages:/www'],
      ports: ['127.0.0.1::80'],
      depends_on: { job: { condition: 'service_completed_successfully' } },
    },
    store: {
      image: 'store:1',
      runtime,
      command: ['redis-server', '--dir', '/data', '--protected-mode', 'no'],
      volumes: ['data:/data'],
      healthcheck: { test: ['CMD', 'redis-cli', 'ping'], interval: '200ms', timeout: '5s', retries: 50 },
    },
    job: {
      image: 'store:1',
      runtime,
      command: ['sh', '-c', 'redis-cli -h store set page hello && redis-cli -h store get page > /www/index.html'],
      volumes: ['pages:/www'],
      depends_on: { store: { condition: 'service_healthy' } },
    },
  },
  volumes: { pages: {}, data: {} },
});

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon();
  await daemon.print(['pull', '-q', 'host:busybox']);
  await daemon.print(['pull', '-q', storeImage]);
  await daemon.print(['tag', storeImage, 'store:1']);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

describe.each(['crun', 'runc'])('docker-compose with %s', (runtime) => {
  const project = `shop-${runtime}`;
  const folder = (): string => join(daemon.directory, project);
  const run = (args: readonly string[]): Promise<Ran> =>
    collect(
      spawn('docker-compose', ['-p', project, ...args], {
        cwd: folder(),
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, DOCKER_HOST: `unix://${daemon.socketPath}`, DOCKER_CONFIG: join(daemon.directory, 'docker-config') },
      }),
    );
  const compose = async (...args: readonly string[]): Promise<string> => {
    const ran = await run(args);
    if (ran.exitCode !== 0) throw new Error(`docker-compose ${args.join(' ')} ended with ${ran.exitCode}: ${ran.stderr}${ran.stdout}`);
    return ran.stdout.trim();
  };
  const page = async (): Promise<string> => {
    const response = await fetch(`http://${await compose('port', 'web', '80')}/`).catch(() => undefined);
    return (await response?.text())?.trim() ?? '';
  };
  beforeAll(async () => {
    await mkdir(folder(), { recursive: true });
    await writeFile(join(folder(), 'docker-compose.yml'), JSON.stringify(file(runtime)));
  });

  test(
    'brings three services up in their order, serves what the job wrote, and takes everything down',
    async () => {
      await compose('up', '-d');
      expect(await page()).toBe('hello');
      expect(await compose('ps')).toMatch(/store_1 .*Up \(healthy\)/);
      expect(await compose('logs', 'store')).toContain('Ready to accept connections');
      expect(await compose('exec', '-T', 'store', 'redis-cli', 'get', 'page')).toBe('hello');

      await compose('restart', 'web');
      await expect.poll(page, patience).toBe('hello');
      await daemon.restart('SIGKILL');
      await expect.poll(page, patience).toBe('hello');

      await compose('stop');
      await compose('up', '-d');
      await expect.poll(page, patience).toBe('hello');

      await compose('down', '-v');
      expect(await daemon.client.containers.list()).toEqual([]);
      expect((await daemon.client.networks.list()).map(({ name }) => name)).not.toContain(`${project}_default`);
      expect(await daemon.client.volumes.list()).toEqual([]);
    },
    longTestMs,
  );
});
