import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { collect, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { sitAtTerminal } from '../support/terminal.ts';

// Real daemons and real programs, on machines that do other things too.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const config = Buffer.from(
  JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${'1'.repeat(64)}`] },
  }),
);
const layerBytes = 1_000_000;
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: `sha256:${'2'.repeat(64)}`, size: layerBytes }],
  }),
);

/** A registry whose one layer begins and never ends. */
function stallingRegistry(onLayer: () => void): Server {
  return createServer((request, response) => {
    if (request.url === '/v2/') response.end('{}');
    else if (request.url?.includes('/manifests/') === true) {
      response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json');
      response.setHeader('docker-content-digest', digestOf(manifest));
      response.end(request.method === 'HEAD' ? undefined : manifest);
    } else if (request.url?.endsWith(digestOf(config)) === true) response.end(config);
    else {
      response.writeHead(200, { 'content-length': layerBytes });
      response.write(Buffer.alloc(1000));
      onLayer();
    }
  });
}

let daemon: TestDaemon;
let registry: Server;
let host: string;
let layerAsked: Promise<void>;
let askAgain: () => void;
beforeAll(async () => {
  daemon = await startDaemon();
  let asked = (): void => undefined;
  askAgain = () => {
    layerAsked = new Promise((resolve) => (asked = resolve));
  };
  askAgain();
  registry = stallingRegistry(() => asked()).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  registry.closeAllConnections();
  registry.close();
});

describe('ctrl-c', () => {
  test.each([
    ['during a pull', 'pull'],
    ['during the pull of a run', 'run'],
  ])('%s cancels it at the engine and leaves nothing', async (_when, verb) => {
    askAgain();
    const child = daemon.start([verb, `${host}/stalls:1`]);
    const ran = collect(child);
    await layerAsked;
    child.kill('SIGINT');
    expect(await ran).toMatchObject({ exitCode: 130 });
    for (let running = true; running;) running = (await daemon.client.operations.list()).some(({ state }) => state === 'running');
    const operations = await daemon.client.operations.list();
    expect(operations.find(({ subject }) => subject.includes('stalls') || verb === 'run')?.state).toBe('cancelled');
    expect(await daemon.client.images.list()).toEqual([]);
    expect(await daemon.client.containers.list()).toEqual([]);
    expect(await readdir(join(daemon.directory, 'run', 'bundles')).catch(() => [])).toEqual([]);
  });
});

test('a pull shows a bar per layer on a terminal, and lines elsewhere', async () => {
  await using user = sitAtTerminal(daemon, ['pull', 'host:busybox'], [120, 40]);
  const shown = await user.sees('Status: Downloaded newer image for host:busybox');
  expect(shown).toMatch(/[0-9a-f]{12}: Pull complete +\[=+\]/);
  expect(await user.ends).toBe(0);
  expect((await daemon.jocker(['pull', 'host:ls'])).stderr).toMatch(/^(?:[0-9a-f]{12}: [A-Z][a-z ]+\n)+$/);
});
