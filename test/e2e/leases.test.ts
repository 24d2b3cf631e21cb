import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CreateRequest } from '@jocker/core';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon();
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

const names = async (): Promise<readonly string[]> => (await daemon.client.containers.list()).map(({ name }) => name);
const running = (name: string, runtime: string, lease?: string): CreateRequest => ({
  image: 'host:busybox',
  name,
  runtime,
  command: ['sleep', '1000'],
  ...(lease === undefined ? {} : { lease }),
});

/** A program that holds a lease with one running container until it is killed. */
const holder = `
import { createJockerClient } from '@jocker/client';
const client = createJockerClient({ socketPath: process.argv[1], client: 'holder' });
const { id: lease } = await client.leases.open();
const { id } = await client.containers.create({ ...JSON.parse(process.argv[2]), lease });
await client.containers.start(id);
console.log('ready');
setInterval(() => undefined, 1000);
`;

describe.each(['crun', 'runc'])('a leased container of %s', (runtime) => {
  test('goes when the process that holds the lease is killed, and others stay', async () => {
    const { id } = await daemon.client.containers.create(running(`kept-${runtime}`, runtime));
    const args = ['--conditions=jocker-source', '--input-type=module', '-e', holder];
    const child = spawn(process.execPath, [...args, daemon.socketPath, JSON.stringify(running(`leased-${runtime}`, runtime))], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: new URL('..', import.meta.url),
    });
    await once(child.stdout, 'data');
    expect(await names()).toContain(`leased-${runtime}`);
    child.kill('SIGKILL');
    await expect.poll(names, { timeout: 10_000, interval: 20 }).not.toContain(`leased-${runtime}`);
    expect(await names()).toContain(`kept-${runtime}`);
    await daemon.client.containers.remove(id);
  });

  test('goes when the lease is disposed of, and is gone then', async () => {
    {
      await using lease = await daemon.client.leases.open();
      const { id } = await daemon.client.containers.create(running(`briefly-${runtime}`, runtime, lease.id));
      await daemon.client.containers.start(id);
    }
    expect(await names()).not.toContain(`briefly-${runtime}`);
  });

  test('goes at the start of the next daemon when its own was killed', async () => {
    const lease = await daemon.client.leases.open();
    const { id } = await daemon.client.containers.create(running(`orphan-${runtime}`, runtime, lease.id));
    await daemon.client.containers.start(id);
    await daemon.restart('SIGKILL');
    expect(await names()).not.toContain(`orphan-${runtime}`);
  });
});

test('a container is not made under a lease that has ended', async () => {
  const lease = await daemon.client.leases.open();
  await lease[Symbol.asyncDispose]();
  await expect(daemon.client.containers.create(running('late', 'crun', lease.id))).rejects.toThrow(`lease ${lease.id} is not open`);
});
