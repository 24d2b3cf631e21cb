import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { once } from 'node:events';

export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Debian's docker-registry on a free port of loopback, its data in a temporary folder; ended and removed when it is disposed. */
export async function startRegistry(): Promise<TestRegistry> {
  const directory = await mkdtemp(`${tmpdir()}/jocker-registry-`);
  const host = `127.0.0.1:${await freePort()}`;
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: `${directory}/data` }, delete: { enabled: true } },
    http: { addr: host },
  };
  // YAML is a superset of JSON.
  await writeFile(`${directory}/config.yml`, JSON.stringify(config));
  const child = spawn('docker-registry', ['serve', `${directory}/config.yml`], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  for (const deadline = Date.now() + 30_000; ;) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (answer?.ok === true) break;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`docker-registry did not start on ${host}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    host,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
