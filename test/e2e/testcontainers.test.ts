import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';

const support = fileURLToPath(new URL('../support/', import.meta.url));
const patience = { timeout: 30_000 };
const longTestMs = 90_000;
/** The one that testcontainers takes; it knows its reaper by this name. */
const reaperImage = 'testcontainers/ryuk:0.14.0';

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon();
  await daemon.print(['pull', '-q', 'host:busybox']);
  const node = `host:${process.execPath}`;
  await daemon.print(['pull', '-q', node]);
  await daemon.print(['create', '--name', 'reaper', '--entrypoint', process.execPath, node, '/reaper.mjs']);
  await daemon.print(['cp', join(support, 'reaper.mjs'), 'reaper:/reaper.mjs']);
  await daemon.print(['commit', 'reaper', reaperImage]);
  await daemon.print(['rm', 'reaper']);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

interface Started {
  readonly container: string;
  readonly network: string;
  readonly answered: number;
}

/** The program with what it needs to know, and what it said once its container ran. */
async function startUser(env: Readonly<Record<string, string>>): Promise<{ readonly started: Started; kill(): Promise<void> }> {
  const child = spawn(process.execPath, ['--conditions=jocker-source', join(support, 'testcontainers-user.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: dirname(support),
    env: {
      PATH: process.env['PATH'],
      HOME: daemon.directory,
      DOCKER_HOST: `unix://${daemon.socketPath}`,
      // On a machine that is itself a container (it has /.dockerenv), testcontainers would look for published ports at the gateway.
      TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
      TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE: daemon.socketPath,
      ...env,
    },
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    started: JSON.parse(line) as Started,
    async kill() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
const running = async (): Promise<readonly string[]> => (await daemon.client.containers.list()).map(({ id }) => id);
const networks = async (): Promise<readonly string[]> => (await daemon.client.networks.list()).map(({ name }) => name);

test(
  'testcontainers reaches a published port, and without its reaper leaves what a killed program had',
  async () => {
    const user = await startUser({ TESTCONTAINERS_RYUK_DISABLED: 'true' });
    expect(user.started.answered).toBe(200);
    await user.kill();
    expect(await running()).toEqual([user.started.container]);
    await daemon.print(['rm', '-f', user.started.container]);
    await daemon.print(['network', 'rm', user.started.network]);
  },
  longTestMs,
);

test(
  'with a reaper that has the socket, everything of a killed program goes',
  async () => {
    const user = await startUser({});
    expect(user.started.answered).toBe(200);
    expect(await running()).toHaveLength(2);
    await user.kill();
    await expect.poll(running, patience).toEqual([]);
    await expect.poll(networks, patience).not.toContain(user.started.network);
  },
  longTestMs,
);
