import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect, startDaemon, type Ran } from '../support/daemon.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const installTimeoutMs = 180_000;

// As on a machine that has never seen this checkout: nothing of the environment points to it.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS' && name !== 'VITEST' && !name.toLowerCase().startsWith('npm_')),
);
const run = (program: string, args: readonly string[], cwd: string): Promise<Ran> =>
  collect(spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] }));

async function succeed(program: string, args: readonly string[], cwd: string): Promise<string> {
  const ran = await run(program, args, cwd);
  if (ran.exitCode !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${ran.exitCode}: ${ran.stderr}${ran.stdout}`);
  return ran.stdout;
}

let work: string;
let packages: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'jocker-create-plugin-'));
  packages = join(work, 'packages');
  await succeed(process.execPath, ['scripts/pack.ts', packages], checkout);
  const tarball = (await readdir(packages)).find((name) => name.startsWith('create-jocker-plugin'));
  await writeFile(join(work, 'package.json'), '{ "private": true }');
  await succeed('npm', ['install', '--no-audit', '--no-fund', join(packages, String(tarball))], work);
}, installTimeoutMs);
afterAll(async () => await rm(work, { recursive: true, force: true }));

const create = (args: readonly string[]): Promise<Ran> => run('npx', ['create-jocker-plugin', ...args], work);
async function createPlugin(name: string, kind: string): Promise<string> {
  const made = await create([name, '--kind', kind, '--packages', packages]);
  expect(made.stderr).toBe('');
  return join(work, name);
}

describe('create-jocker-plugin', () => {
  test(
    'makes plugins that pass the contract suite outside of this checkout, and run in a daemon',
    async () => {
      const greet = await createPlugin('greet', 'image-source');
      await succeed('npm', ['install', '--no-audit', '--no-fund'], greet);
      for (const [name, kind] of [['label-to-env', 'spec-mutator'] as const, ['no-privileged', 'admission-rule'] as const])
        await cp(join(greet, 'node_modules'), join(await createPlugin(name, kind), 'node_modules'), {
          recursive: true,
          verbatimSymlinks: true,
        });

      for (const name of ['greet', 'label-to-env', 'no-privileged'])
        expect(await succeed('npm', ['test'], join(work, name))).toMatch(/Tests.*passed/);

      const flags = ['greet', 'label-to-env', 'no-privileged'].flatMap((name) => ['--plugin', join(work, name)]);
      await using daemon = await startDaemon(flags);
      expect(await daemon.print(['pull', '-q', 'greet:world'])).toBe('greet:world');
      await daemon.print(['pull', '-q', 'host:busybox']);
      expect(await daemon.print(['run', '--rm', '--label', 'label-to-env=hi', 'host:busybox', 'sh', '-c', 'echo $GREETING'])).toBe('hi');
      expect((await daemon.jocker(['run', '--rm', '--privileged', 'host:busybox', 'true'])).stderr).toContain(
        'privileged containers are not allowed here',
      );
    },
    installTimeoutMs,
  );

  test('does not write into a folder that has something in it', async () => {
    await mkdir(join(work, 'full'));
    await writeFile(join(work, 'full/notes'), 'mine');
    const ran = await create(['full', '--packages', packages]);
    expect([ran.exitCode, ran.stderr]).toEqual([1, `create-jocker-plugin: ${join(work, 'full')} is not empty\n`]);
    expect(await readFile(join(work, 'full/notes'), 'utf8')).toBe('mine');
  });

  test('names the templates that there are when asked for another', async () => {
    const ran = await create(['other', '--kind', 'teapot']);
    expect([ran.exitCode, ran.stderr]).toEqual([
      1,
      'create-jocker-plugin: there is no template teapot; there are image-source, spec-mutator, admission-rule\n',
    ]);
  });
});
