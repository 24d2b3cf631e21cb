import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Digest } from '@jocker/core';
import { makeTar, sha256Of } from '@jocker/core/testing';
import { native } from '@jocker/native';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startDaemon, type Ran, type TestDaemon } from '../support/daemon.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

// Real daemons and real programs, on machines that do other things too.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const detach = 2;
const waiting = { timeout: 20_000, interval: 50 };
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

type Answer = (response: ServerResponse, blob: Buffer) => void;
interface Served {
  readonly manifest: Buffer;
  readonly config: Buffer;
  readonly layer: Digest;
  readonly answer: (response: ServerResponse) => void;
}

/** An image whose one layer is said to unpack to `tar`. */
function imageOf(tar: Buffer, blob: Buffer = gzipSync(tar, { level: 1 }), answer: Answer = (response) => response.end(blob)): Served {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const rootfs = { type: 'layers', diff_ids: [sha256Of(tar)] };
  const config = Buffer.from(JSON.stringify({ architecture, os: 'linux', config: { Cmd: ['sh'] }, rootfs }));
  const layer = sha256Of(blob);
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256Of(config), size: config.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: layer, size: blob.length }],
  };
  return { manifest: Buffer.from(JSON.stringify(manifest)), config, layer, answer: (response) => answer(response, blob) };
}

const random = (bytes: number): Buffer => makeTar([{ path: 'file', content: randomBytes(bytes) }]);
const halfOf = (blob: Buffer): Buffer => blob.subarray(0, blob.length / 2);
const [kilobytes, megabytes] = [1024, 1024 * 1024];
const cut = random(64 * kilobytes);
const images = {
  mismatch: imageOf(random(64 * kilobytes), undefined, (response, blob) => response.end(Buffer.from(blob).fill(0x55, 100, 200))),
  /** Each answer has the half, and says that this is all. */
  short: imageOf(random(64 * kilobytes), undefined, (response, blob) => response.end(halfOf(blob))),
  /** Each connection ends in the middle. */
  breaks: imageOf(random(64 * kilobytes), undefined, (response, blob) => {
    response.setHeader('content-length', blob.length);
    response.write(halfOf(blob), () => response.destroy());
  }),
  /** Pushed as it is: the digest is right, and gzip's end is not there. */
  cut: imageOf(cut, halfOf(gzipSync(cut))),
  fat: { ...imageOf(cut), manifest: Buffer.alloc(5 * megabytes, ' ') },
  large: imageOf(random(28 * megabytes)),
  /** Small until it is unpacked. */
  zeros: imageOf(makeTar([{ path: 'zeros', content: Buffer.alloc(64 * megabytes) }])),
};

function serveImages(): Server {
  return createServer((request, response) => {
    const [, name = '', kind, which] = /^\/v2\/([a-z]+)\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? [];
    const image = (images as Readonly<Record<string, Served>>)[name];
    if (request.url === '/v2/') response.end('{}');
    else if (image === undefined || which === 'missing') response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
    else if (kind === 'manifests') {
      response.writeHead(200, {
        'content-type': manifestType,
        'content-length': image.manifest.length,
        'docker-content-digest': sha256Of(image.manifest),
      });
      response.end(request.method === 'HEAD' ? undefined : image.manifest);
    } else if (which === sha256Of(image.config)) response.end(image.config);
    else image.answer(response);
  });
}

let registry: Server;
let guarded: TestRegistry;
let host: string;
beforeAll(async () => {
  registry = serveImages().listen(0, '127.0.0.1');
  await once(registry, 'listening');
  host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
  guarded = await startRegistry({ htpasswd: 'user:$2b$04$abcdefghijklmnopqrstuuag0.YlF7tv7WKWN7rgqJ5KkJ9XU2wny' });
});
afterAll(async () => {
  registry?.closeAllConnections();
  registry?.close();
  await guarded?.[Symbol.asyncDispose]();
});

/** What a refused command could leave: records, folders, mounts, processes. */
async function things(daemon: TestDaemon, dataRoot: string): Promise<readonly string[]> {
  const below = async (path: string): Promise<readonly string[]> => (await readdir(path).catch(() => [])).map((name) => join(path, name));
  const inRun = await below(join(daemon.directory, 'run'));
  const folders = [...['containers', 'overlay', 'overlay/l', 'content/ingest'].map((name) => join(dataRoot, name)), ...inRun];
  const [containers, pulled, operations, mounts, ids, ...inFolders] = await Promise.all([
    daemon.client.containers.list(),
    daemon.client.images.list(),
    daemon.client.operations.list(),
    readFile('/proc/self/mounts', 'utf8'),
    readdir('/proc'),
    ...folders.map(below),
  ]);
  const processes = ids.filter((id) => /^\d+$/.test(id) && id !== String(daemon.pid));
  const commands = await Promise.all(processes.map((id) => readFile(`/proc/${id}/cmdline`, 'latin1').catch(() => '')));
  // A download that broke off is gone on with by the next pull, and prune removes it: no trace, but meant.
  const files = [...inRun, ...inFolders.flat()].filter((path) => !path.includes('/content/ingest/sha256-'));
  return [
    ...containers.map(({ id }) => `container ${id}`),
    ...pulled.map(({ id }) => `image ${id}`),
    ...operations.filter(({ state }) => state === 'running').map(({ id }) => `operation ${id}`),
    ...mounts
      .split('\n')
      .flatMap((line) => (line.includes(`${daemon.directory}/`) || line.includes(`${dataRoot}/`) ? [`mount ${line}`] : [])),
    ...commands.flatMap((line) => (line.includes(daemon.directory) ? [`process ${line}`] : [])),
    ...files,
  ].toSorted();
}

/** The same when the monitors of earlier containers have ended. */
async function thingsAtRest(daemon: TestDaemon, dataRoot: string): Promise<readonly string[]> {
  return await vi.waitFor(async () => {
    const found = await things(daemon, dataRoot);
    expect(found.filter((thing) => /^(?:process|operation|mount) /.test(thing))).toEqual([]);
    return found;
  }, waiting);
}

/** What it said, without the lines of progress of a run's pull. */
const sentences = ({ stderr }: Ran): readonly string[] =>
  stderr.split('\n').filter((line) => line !== '' && !/^[0-9a-f]{12}: [A-Z]/.test(line));

describe('is refused in one sentence, and nothing of it is left', () => {
  let daemon: TestDaemon;
  let dataRoot: string;
  let file: string;
  let before: readonly string[];
  beforeAll(async () => {
    daemon = await startDaemon();
    dataRoot = join(daemon.directory, 'data');
    file = join(daemon.directory, 'file');
    await writeFile(file, '');
    await daemon.print(['run', '--rm', 'host:busybox', 'true']);
    await thingsAtRest(daemon, dataRoot);
    await daemon.print(['create', '--name', 'taken', 'host:busybox', 'true']);
    before = await things(daemon, dataRoot);
  });
  afterEach(async () => {
    await vi.waitFor(async () => expect(await things(daemon, dataRoot)).toEqual(before), waiting);
  });
  afterAll(async () => {
    await daemon?.[Symbol.asyncDispose]();
  });

  test.each<[string, () => readonly string[], number, () => string]>([
    ['a registry host that nobody knows', () => ['pull', 'registry.invalid/a:b'], 1, () => 'registry.invalid'],
    ['a registry host that nobody knows, in a run,', () => ['run', 'registry.invalid/a:b'], 125, () => 'registry.invalid'],
    ['an image that the registry does not have', () => ['pull', `${host}/nothing:1`], 1, () => `${host}/nothing:1`],
    ['a tag that the image does not have', () => ['run', `${host}/cut:missing`], 125, () => `${host}/cut:missing`],
    ['a registry that wants a password', () => ['pull', `${guarded.host}/private:1`], 1, () => guarded.host],
    ['a registry that wants a password, in a run,', () => ['run', `${guarded.host}/private:1`], 125, () => guarded.host],
    ['a layer that does not match its digest', () => ['pull', `${host}/mismatch:1`], 1, () => images.mismatch.layer],
    ['a layer that was cut before it was pushed', () => ['run', `${host}/cut:1`], 125, () => images.cut.layer.slice('sha256:'.length)],
    ['a manifest that is too large', () => ['pull', `${host}/fat:1`], 1, () => `${host}/fat:1 has 5242880 bytes, more than 4194304`],
    ['an unknown user', () => ['run', '-u', 'nobodyknows', 'host:busybox', 'true'], 125, () => 'nobodyknows'],
    ['a mount source that cannot be', () => ['run', '-v', `${file}/x:/x`, 'host:busybox', 'true'], 125, () => `${file}/x`],
    ['memory below the minimum', () => ['run', '-m', '1m', 'host:busybox', 'true'], 125, () => 'memory 1048576 is below the minimum'],
    ['a name in use', () => ['run', '--name', 'taken', 'host:busybox', 'true'], 125, () => 'taken'],
    ['a command that is not in the image', () => ['run', '--rm', 'host:busybox', 'nosuch'], 127, () => 'nosuch'],
    ['a command that is not executable', () => ['run', '--rm', 'host:busybox', '/etc/passwd'], 126, () => '/etc/passwd'],
  ])('%s', async (_what, args, exitCode, named) => {
    const ran = await daemon.jocker(args());
    expect([ran.exitCode, ran.stdout, sentences(ran)]).toEqual([exitCode, '', [expect.stringMatching(/^jocker: /)]]);
    expect(sentences(ran)[0]).toContain(named());
  });

  // At once: both are tried again with pauses before they are given up.
  test('a layer that is too short, or whose connection breaks off, each time', async () => {
    const [short, breaks] = await Promise.all(['short', 'breaks'].map((name) => daemon.jocker(['pull', `${host}/${name}:1`])));
    for (const ran of [short, breaks])
      expect(ran).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringMatching(/jocker: [^\n]+\n$/) as string });
    expect(breaks?.stderr).toContain(`blob ${images.breaks.layer} could not be downloaded`);
    expect(short?.stderr).toMatch(new RegExp(`blob ${images.short.layer} ended after \\d+ of \\d+ bytes\\n$`));
  });
});

describe('with no space left', () => {
  let dataRoot: string;
  let daemon: TestDaemon | undefined;
  beforeAll(async () => {
    dataRoot = await mkdtemp(join(tmpdir(), 'jocker-tiny-'));
    native().mount('tmpfs', dataRoot, 'tmpfs', 0, 'size=24m');
    daemon = await startDaemon(['--data-root', dataRoot]);
    await daemon.print(['run', '--rm', 'host:busybox', 'true']);
  });
  afterAll(async () => {
    try {
      await daemon?.[Symbol.asyncDispose]();
    } finally {
      native().unmount(dataRoot, detach);
      await rm(dataRoot, { recursive: true, force: true });
    }
  });

  test.each([
    ['the download of a layer', 'large', 'pull', 1],
    ['the download of a layer of a run', 'large', 'run', 125],
    ['the unpacking of a layer', 'zeros', 'run', 125],
  ])('%s is refused in one sentence, and the engine goes on', async (_what, name, verb, exitCode) => {
    if (daemon === undefined) throw new Error('there is no daemon');
    const before = await thingsAtRest(daemon, dataRoot);
    const ran = await daemon.jocker([verb, `${host}/${name}:1`]);
    expect([ran.exitCode, sentences(ran)]).toEqual([exitCode, [expect.stringMatching(/^jocker: no space left/)]]);
    expect(await thingsAtRest(daemon, dataRoot)).toEqual(before);
    expect(await daemon.print(['run', '--rm', 'host:busybox', 'echo', 'on'])).toBe('on');
  });
});
