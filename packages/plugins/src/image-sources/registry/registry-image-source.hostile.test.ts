import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import {
  createDiskContentStore,
  createBlobDownloads,
  hostPlatform,
  parseRegistryReference,
  type Descriptor,
  type Digest,
  type ImageSource,
  type ImageSourceContext,
} from '@jocker/core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createHttpExchange } from './http-exchange.ts';
import { createRegistryImageSource } from './registry-image-source.ts';
import { createRegistrySessions } from './registry-sessions.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const silent = (): undefined => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };
const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, config: {}, layers: [] }));
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const digestOf = (bytes: Buffer): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const exchange = createHttpExchange();
const servers: Server[] = [];
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(`${tmpdir()}/jocker-registry-`);
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
afterAll(async () => {
  exchange[Symbol.dispose]();
  await rm(directory, { recursive: true, force: true });
});

async function serve(handler: Handler): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function sourceWith(options: { readonly mirrors?: Record<string, string[]>; readonly credentialsFile?: string } = {}): ImageSource {
  return createRegistryImageSource(createRegistrySessions(exchange, { credentialsFile: `${directory}/none.json`, ...options }));
}

const context = (over: Partial<ImageSourceContext> = {}): ImageSourceContext => ({
  signal: new AbortController().signal,
  log,
  platform: hostPlatform(),
  ...over,
});
const sendManifest: Handler = (request, response) => {
  response.setHeader('content-type', manifestType).setHeader('content-length', manifest.length);
  response.end(request.method === 'HEAD' ? undefined : manifest);
};

describe('a registry that', () => {
  test('sends no digest is read, and the digest computed', async () => {
    const host = await serve(sendManifest);
    const descriptor = await sourceWith().resolve(parseRegistryReference(`${host}/a:1`), context());
    expect(descriptor).toEqual({ mediaType: manifestType, digest: digestOf(manifest), size: manifest.length });
  });

  test('answers a digest with another one is refused', async () => {
    const host = await serve((request, response) => {
      response.setHeader('docker-content-digest', digestOf(Buffer.from('other')));
      sendManifest(request, response);
    });
    await expect(sourceWith().resolve(parseRegistryReference(`${host}/a@${digestOf(manifest)}`), context())).rejects.toMatchObject({
      code: 'data-loss',
    });
  });

  test('answers a sha512 with the sha256 of something else is refused', async () => {
    const pinned: Digest = `sha512:${createHash('sha512').update('what was wanted').digest('hex')}`;
    const host = await serve((request, response) => {
      response.setHeader('docker-content-digest', digestOf(manifest));
      sendManifest(request, response);
    });
    await expect(sourceWith().resolve(parseRegistryReference(`${host}/a@${pinned}`), context())).rejects.toMatchObject({
      code: 'data-loss',
    });
  });

  test('announces a manifest and then sends it as an index is refused', async () => {
    const host = await serve(
      (_request, response) => void response.setHeader('content-type', 'application/vnd.oci.image.index.v1+json').end(manifest),
    );
    const blob: Descriptor = { mediaType: manifestType, digest: digestOf(manifest), size: manifest.length };
    await expect(sourceWith().fetch(parseRegistryReference(`${host}/a:1`), blob, 0, context())).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('sends a web page instead of an image is refused with what it sent', async () => {
    const host = await serve((_request, response) => void response.setHeader('content-type', 'text/html').end('<html>'));
    await expect(sourceWith().resolve(parseRegistryReference(`${host}/a:1`), context())).rejects.toThrow('is a text/html, not an image');
  });

  test('sends a manifest without end is cut off', async () => {
    const host = await serve((request, response) => {
      response.setHeader('content-type', manifestType);
      if (request.method === 'HEAD') return void response.end();
      const piece = Buffer.alloc(1 << 16, 32);
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', more);
      more();
    });
    await expect(sourceWith().resolve(parseRegistryReference(`${host}/a:1`), context())).rejects.toMatchObject({
      code: 'resource-exhausted',
    });
  });

  test('does not know the image is named together with it', async () => {
    const host = await serve(
      (_request, response) =>
        void response
          .writeHead(404, { 'content-type': 'application/json' })
          .end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'),
    );
    await expect(sourceWith().resolve(parseRegistryReference(`${host}/a:1`), context())).rejects.toMatchObject({
      code: 'not-found',
      message: `image ${host}/a:1: it is not there (manifest unknown)`,
    });
  });

  test('asks for credentials again and again is given up after the second time', async () => {
    let asked = 0;
    const host = await serve((_request, response) => {
      asked += 1;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    const credentials = { host, username: 'u', password: 'p' };
    await expect(sourceWith().resolve(parseRegistryReference(`${host}/a:1`), context({ credentials }))).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    expect(asked).toBe(2);
  });

  test('is not there is called unavailable, by name', async () => {
    const host = await serve(silent);
    servers.splice(0).forEach((server) => server.close());
    await expect(sourceWith().resolve(parseRegistryReference(`${host}/a:1`), context())).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(host),
    });
  });

  test('redirects for ever is left', async () => {
    const host = await serve((request, response) => void response.writeHead(302, { location: request.url }).end());
    await expect(sourceWith().resolve(parseRegistryReference(`${host}/a:1`), context())).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('credentials', () => {
  const secret = 'canary-secret';

  test('do not follow a redirect to another host', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('layer');
    });
    const host = await serve((request, response) => {
      if (request.headers.authorization === undefined) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      response.writeHead(307, { location: `http://${other}/elsewhere` }).end();
    });
    const blob: Descriptor = { mediaType: 'm', digest: digestOf(Buffer.from('layer')), size: 5 };
    const reference = parseRegistryReference(`${host}/a:1`);
    const stream = await sourceWith().fetch(reference, blob, 0, context({ credentials: { host, username: 'u', password: secret } }));
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('layer');
    expect(seen).toEqual([undefined]);
  });

  test('of one host are not shown to another', async () => {
    const seen: (string | undefined)[] = [];
    const host = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    const pulling = sourceWith().resolve(
      parseRegistryReference(`${host}/a:1`),
      context({ credentials: { host: 'elsewhere.example', username: 'u', password: secret } }),
    );
    await expect(pulling).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(seen).toEqual([undefined]);
  });

  test('of the docker config file are used for their host, and a token is asked for with them', async () => {
    const tokenRequests: (string | undefined)[] = [];
    const host = await serve((request, response) => {
      if (request.url?.startsWith('/token') === true) {
        tokenRequests.push(request.url, request.headers.authorization);
        return void response.end(JSON.stringify({ token: 't1', expires_in: 300 }));
      }
      if (request.headers.authorization !== 'Bearer t1') {
        const challenge = `Bearer realm="http://${request.headers.host}/token",service="registry",scope="repository:a:pull"`;
        return void response.writeHead(401, { 'www-authenticate': challenge }).end();
      }
      sendManifest(request, response);
    });
    const credentialsFile = `${directory}/config.json`;
    await writeFile(credentialsFile, JSON.stringify({ auths: { [host]: { auth: Buffer.from(`me:${secret}`).toString('base64') } } }));
    const descriptor = await sourceWith({ credentialsFile }).resolve(parseRegistryReference(`${host}/a:1`), context());
    expect(descriptor.digest).toBe(digestOf(manifest));
    expect(tokenRequests).toEqual([
      '/token?service=registry&scope=repository%3Aa%3Apull&account=me',
      `Basic ${Buffer.from(`me:${secret}`).toString('base64')}`,
    ]);
  });

  test('never stand in an error', async () => {
    const host = await serve((_request, response) => void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
    const error = await sourceWith()
      .resolve(parseRegistryReference(`${host}/a:1`), context({ credentials: { host, username: 'u', password: secret } }))
      .catch((caught: unknown) => caught);
    expect(JSON.stringify([error instanceof Error ? error.stack : '', error])).not.toContain(secret);
  });
});

describe('a download', () => {
  const layer = Buffer.from('a layer that comes in two parts');
  const blob: Descriptor = { mediaType: 'm', digest: digestOf(layer), size: layer.length };

  async function download(host: string, options: Parameters<typeof sourceWith>[0] = {}): Promise<Buffer> {
    const store = await createDiskContentStore(await mkdtemp(`${directory}/store-`));
    const source = sourceWith(options);
    const reference = parseRegistryReference(`${host}/a:1`);
    await createBlobDownloads(store).download(blob, {
      signal: new AbortController().signal,
      fetch: (wanted, offset, signal) => source.fetch(reference, wanted, offset, context({ signal })),
    });
    return await store.readAll(blob.digest);
  }

  test('goes on where the connection broke', async () => {
    const ranges: (string | undefined)[] = [];
    const host = await serve((request, response) => {
      ranges.push(request.headers.range);
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (from === 0) {
        response.writeHead(200, { 'content-length': layer.length });
        // What the client has not read when the connection breaks is lost to it; it asks again then.
        response.write(layer.subarray(0, 10), () => setTimeout(() => response.destroy(), 100));
      } else response.writeHead(206, { 'content-length': layer.length - from }).end(layer.subarray(from));
    });
    expect(await download(host)).toEqual(layer);
    expect(ranges.at(-1)).toBe('bytes=10-');
  });

  test('begins anew at a registry that cannot resume', async () => {
    let requests = 0;
    const host = await serve((_request, response) => {
      requests += 1;
      response.writeHead(200, { 'content-length': layer.length });
      if (requests === 1) response.write(layer.subarray(0, 10), () => response.destroy());
      else response.end(layer);
    });
    expect(await download(host)).toEqual(layer);
  });

  test('is tried again after an error of the server', async () => {
    let requests = 0;
    const host = await serve((_request, response) => {
      requests += 1;
      if (requests < 3) response.writeHead(503).end();
      else response.end(layer);
    });
    expect(await download(host)).toEqual(layer);
    expect(requests).toBe(3);
  });

  test('with wrong bytes is refused and not tried again', async () => {
    let requests = 0;
    const host = await serve((_request, response) => {
      requests += 1;
      response.end(Buffer.alloc(layer.length, 'x'));
    });
    await expect(download(host)).rejects.toMatchObject({ code: 'data-loss' });
    expect(requests).toBe(1);
  });

  test('comes from the registry when the mirror does not have it', async () => {
    const asked: string[] = [];
    const mirror = await serve((_request, response) => {
      asked.push('mirror');
      response.writeHead(404).end();
    });
    const host = await serve((_request, response) => {
      asked.push('registry');
      response.end(layer);
    });
    expect(await download(host, { mirrors: { [host]: [mirror] } })).toEqual(layer);
    expect(asked).toEqual(['mirror', 'registry']);
  });
});
