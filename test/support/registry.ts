import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
}

export interface TestRegistryOptions {
  /** Lines of an htpasswd file (bcrypt); without it everybody may do everything. */
  readonly htpasswd?: string;
}

/** Debian's docker-registry on a free port of loopback, its data in a temporary folder; ended and removed when it is disposed. */
export async function startRegistry({ htpasswd }: TestRegistryOptions = {}): Promise<TestRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'jocker-registry-'));
  await writeFile(join(directory, 'htpasswd'), htpasswd ?? '');
  const config = {
    version: '0.1',
    log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, 'data') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0' },
    ...(htpasswd === undefined ? {} : { auth: { htpasswd: { realm: 'test', path: join(directory, 'htpasswd') } } }),
  };
  // YAML is a superset of JSON.
  await writeFile(join(directory, 'config.yml'), JSON.stringify(config));
  const child = spawn('docker-registry', ['serve', join(directory, 'config.yml')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    return { host: await listeningOn(child), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** It chooses its port itself and says which; its log is read on, so that it is never stopped by a full pipe. */
async function listeningOn(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error('docker-registry has no log');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const said: string[] = [];
  createInterface(child.stderr)
    .on('line', (line) => {
      const host = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (host !== undefined) resolve(host);
      else if (said.length < 20) said.push(line);
    })
    .on('close', () => reject(new Error(`docker-registry did not start: ${said.join('\n')}`)));
  return await promise;
}
