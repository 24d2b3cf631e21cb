import { Agent, request } from 'node:http';

/** An engine that speaks the Docker Engine API on a unix socket. */
export interface BenchEngine {
  readonly name: string;
  /** The whole body of the answer; throws for a refusal. */
  call(method: string, path: string, body?: unknown): Promise<Buffer>;
  close(): void;
}

/** `NAME=unix:///path/to.sock`, or the URL alone. */
export function createBenchEngine(text: string): BenchEngine {
  const [, name = 'jocker', socketPath] = /^(?:([^=/]+)=)?unix:\/\/(\/.+)$/.exec(text) ?? [];
  if (socketPath === undefined) throw new Error(`${text} is not of the form NAME=unix:///path/to.sock`);
  const agent = new Agent({ keepAlive: true });
  return {
    name,
    async call(method, path, body) {
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const headers = payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
      request({ socketPath, agent, method, path: `/v1.41${path}`, headers }, (response) => {
        const chunks: Buffer[] = [];
        response
          .on('data', (chunk: Buffer) => void chunks.push(chunk))
          .on('error', reject)
          .on('end', () => {
            const answer = Buffer.concat(chunks);
            if ((response.statusCode ?? 500) < 400) resolve(answer);
            else reject(new Error(`${name}: ${method} ${path}: ${response.statusCode} ${answer.toString().trim()}`));
          });
      })
        .on('error', reject)
        .end(payload);
      return await promise;
    },
    close: () => agent.destroy(),
  };
}

/** Without a network, or on the default one with a port of the host's choice published on 127.0.0.1. */
export async function createContainer(
  engine: BenchEngine,
  image: string,
  command: readonly string[],
  network: 'none' | 'published' = 'none',
): Promise<string> {
  const HostConfig = network === 'none' ? { NetworkMode: 'none' } : { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } };
  const answer = await engine.call('POST', '/containers/create', {
    Image: image,
    Cmd: command,
    HostConfig,
    ExposedPorts: { '80/tcp': {} },
  });
  return (JSON.parse(answer.toString()) as { readonly Id: string }).Id;
}

export async function startContainer(engine: BenchEngine, id: string): Promise<void> {
  await engine.call('POST', `/containers/${id}/start`);
}

export async function removeContainer(engine: BenchEngine, id: string): Promise<void> {
  await engine.call('DELETE', `/containers/${id}?force=true`);
}
