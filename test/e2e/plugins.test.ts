import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { PluginView, SpecFieldOrigin } from '@jocker/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';

const hello = fileURLToPath(new URL('../../examples/hello-plugin', import.meta.url));
let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon(['--plugin', './not-there']);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

/** The example as npm packs it. */
async function packed(): Promise<string> {
  const folder = join(daemon.directory, 'packed');
  await mkdir(folder, { recursive: true });
  await cp(hello, join(folder, 'source'), { recursive: true });
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stdout } = await promisify(execFile)('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: join(folder, 'source'),
    env,
  });
  return join(folder, stdout.trim());
}

async function folderOf(name: string, manifest: object, source: string): Promise<string> {
  const folder = join(daemon.directory, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version: '1.2.3', type: 'module', main: 'index.ts', ...manifest }));
  await writeFile(join(folder, 'index.ts'), source);
  return folder;
}

const names = async (): Promise<readonly string[]> => (await daemon.client.plugins.list()).map((each) => each.name);
const packages = async (): Promise<readonly string[]> => await readdir(join(daemon.directory, 'data/plugin-packages'));

test('a daemon starts without a plugin that is not there, and says so', async () => {
  expect((await daemon.client.plugins.list())[0]).toMatchObject({ name: './not-there', state: 'failed' });
  expect(await daemon.print(['plugins'])).toMatch(/\.\/not-there +no +failed +there is no plugin \.\/not-there/);
  expect(await daemon.print(['info'])).toMatch(/\.\/not-there \(failed\)[^]*plugin \.\/not-there was left out: there is no plugin/);
  expect(await daemon.print(['run', '--rm', 'host:busybox', 'echo', 'works'])).toBe('works');
});

test('a packed plugin is added, used and removed again and again, and no other call fails', async () => {
  const archive = await packed();
  const over = new AbortController();
  const failures: unknown[] = [];
  const calls = (async () => {
    while (!over.signal.aborted) {
      await Promise.all([daemon.client.containers.list(), daemon.client.plugins.list(), daemon.client.images.list()]).catch(
        (error: unknown) => failures.push(error),
      );
    }
  })();
  for (let round = 1; round <= 3; round += 1) {
    expect(await daemon.print(['plugin', 'add', archive])).toBe('hello 1.0.0');
    expect(await daemon.print(['run', '--rm', `hello:round-${round}`])).toBe(`hello, round-${round}`);
    expect(await daemon.print(['plugin', 'remove', 'hello'])).toBe('hello');
    expect((await daemon.jocker(['pull', `hello:gone-${round}`])).exitCode).not.toBe(0);
  }
  over.abort();
  await calls;
  expect([failures, await packages()]).toEqual([[], []]);
});

test('an added plugin is there after a restart, with its options, and no longer after its removal', async () => {
  const plugin = await folderOf(
    'wordy',
    { jocker: { apiVersion: 1 } },
    `import { definePlugin, Type } from '@jocker/core';
export default definePlugin({
  name: 'wordy',
  options: Type.Object({ word: Type.String() }),
  setup(jocker, { word }) {
    jocker.provide('specMutator', () => ({ name: 'wordy', mutate: (draft) => void draft.process.env.push('WORD=' + word) }));
  },
});`,
  );
  expect((await daemon.jocker(['plugin', 'add', plugin])).stderr).toContain(
    'plugin wordy was given the option word: expected required property',
  );
  expect(await packages()).toEqual([]);
  await daemon.print(['plugin', 'add', '--options', '{ "word": "kept" }', plugin]);
  expect((await daemon.jocker(['plugin', 'add', '--options', '{ "word": "x" }', plugin])).stderr).toContain(
    'there is a plugin wordy already; remove it first',
  );
  await daemon.restartAfter('SIGKILL', async () => {
    await mkdir(join(daemon.directory, 'data/plugin-packages/.incoming-0123/package'), { recursive: true });
    await mkdir(join(daemon.directory, 'data/plugin-packages/half~0123/package'), { recursive: true });
  });
  expect(await packages()).toHaveLength(1);
  expect(await daemon.print(['run', '--rm', 'host:busybox', 'sh', '-c', 'echo $WORD'])).toBe('kept');
  await daemon.print(['plugin', 'remove', 'wordy']);
  await daemon.restart('SIGTERM');
  expect(await names()).not.toContain('wordy');
});

test('what a plugin may widen has to be declared, and allowed when it is added', async () => {
  const source = `import { definePlugin } from '@jocker/core';
export default definePlugin({
  name: 'widening',
  permissions: ['spec:masked-paths'],
  setup: (jocker) => jocker.provide('specMutator', () => ({ name: 'unmask', mutate: (draft) => void delete draft.linux.maskedPaths })),
});`;
  const greedy = await folderOf('widening', { jocker: { apiVersion: 1, permissions: ['spec:masked-paths'] } }, source);
  expect((await daemon.jocker(['plugin', 'add', greedy])).stderr).toContain('asks for spec:masked-paths, which has to be allowed');
  await daemon.print(['plugin', 'add', '--allow', 'spec:masked-paths', greedy]);
  await daemon.print(['create', '--name', 'unmasked', 'host:busybox', 'true']);
  expect((await daemon.client.containers.spec('unmasked')).spec.linux.maskedPaths).toBeUndefined();
  await daemon.print(['plugin', 'remove', 'widening']);
  const silent = await folderOf('widening', { jocker: { apiVersion: 1 } }, source);
  await daemon.print(['plugin', 'add', silent]);
  expect((await daemon.jocker(['create', 'host:busybox', 'true'])).stderr).toContain(
    'it widens /linux/maskedPaths, and plugin widening does not declare the permission spec:masked-paths (spec mutator unmask)',
  );
  await daemon.print(['plugin', 'remove', 'widening']);
  await daemon.print(['rm', 'unmasked']);
});

test.each<[string, object, string, string]>([
  ['of another version of the API', { jocker: { apiVersion: 99 } }, 'export default 1', 'is made for version 99 of the plugin API'],
  ['that is no plugin', {}, 'export default 1', 'its package.json has no field "jocker"'],
  ['that exports something else', { jocker: { apiVersion: 1 } }, 'export const nothing = 1', 'exports nothing that definePlugin made'],
  ['that does not parse', { jocker: { apiVersion: 1 } }, 'this is not JavaScript', 'cannot be loaded'],
  [
    'whose setup throws',
    { jocker: { apiVersion: 1 } },
    "export default { name: 'bad', setup() { throw new Error('not in the mood'); } }",
    'not in the mood',
  ],
])('a package %s is refused, and leaves nothing', async (_what, manifest, source, message) => {
  const before = await names();
  const ran = await daemon.jocker(['plugin', 'add', await folderOf('bad', manifest, source)]);
  expect([ran.exitCode, ran.stderr]).toEqual([1, expect.stringContaining(message)]);
  expect([await names(), await packages()]).toEqual([before, []]);
});

test('explain says who set a field, and a dry run prints the spec without making anything', async () => {
  await daemon.print(['create', '--name', 'explained', '--env', 'A=b', 'host:busybox', 'true']);
  const lines = (await daemon.print(['explain', 'explained', '/process/env', '--format', 'json'])).split('\n');
  const origins = lines.map((line) => JSON.parse(line) as SpecFieldOrigin);
  expect(origins.find(({ value }) => value === 'A=b')).toMatchObject({ mutator: 'env', plugin: 'spec-mutators' });
  expect((await daemon.jocker(['explain', 'explained', '/no/such'])).stderr).toContain('the spec has no /no/such');
  await daemon.print(['rm', 'explained']);
  const { spec, steps } = JSON.parse(await daemon.print(['run', '--dry-run', '--env', 'C=d', 'host:busybox', 'true'])) as {
    spec: { process: { env: string[] } };
    steps: { mutator: string }[];
  };
  expect([spec.process.env.includes('C=d'), steps[0]?.mutator]).toEqual([true, 'default']);
  expect(await daemon.client.containers.list()).toEqual([]);
});

test('the cost of each plugin is counted', async () => {
  await daemon.print(['run', '--rm', 'host:busybox', 'true']);
  const usage = await daemon.client.plugins.usage();
  expect(usage.find(({ point, method }) => point === 'runtimeBackend' && method === 'create')).toMatchObject({
    errors: 0,
    breaker: 'closed',
  });
  expect(await daemon.print(['plugins', 'top'])).toMatch(/specMutator:env\.mutate/);
  const [view] = JSON.parse(await daemon.print(['plugin', 'inspect', 'spec-mutators'])) as PluginView[];
  expect(view).toMatchObject({ builtIn: true, permissions: expect.arrayContaining(['spec:hooks']) as unknown });
});
