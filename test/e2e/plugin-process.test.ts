import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EventEnvelope } from '@jocker/core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import type { Fault } from '../support/faulty-plugin.ts';

const faulty = fileURLToPath(new URL('../support/faulty-plugin.ts', import.meta.url));
let folder: string;
let daemon: TestDaemon;

const set = async (hook?: string, fault?: Fault): Promise<void> =>
  await writeFile(join(folder, 'control'), hook === undefined ? '' : `${hook} ${fault ?? ''}\n`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jocker-plugin-process-'));
  await set();
  const options = { control: join(folder, 'control'), timeLimitMs: 20_000 };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ plugins: [{ use: faulty, isolation: 'process', options }] }));
  daemon = await startDaemon(['--config', join(folder, 'config.json')]);
  await daemon.print(['pull', '-q', 'host:busybox']);
});
afterEach(async () => await set());
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  expect(await pluginProcesses()).toEqual([]);
  await rm(folder, { recursive: true });
});

/** Of this test's daemon only: they have its plugin among their arguments, and it as their parent. */
async function pluginProcesses(): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const mine = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
      const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
      return line.includes('plugin-process') && line.includes(faulty) && status.includes(`PPid:\t${daemon.pid}\n`);
    }),
  );
  return pids.filter((_, index) => mine[index]).map(Number);
}

const run = async (): Promise<string> =>
  await daemon.print(['run', '--rm', '--network', 'none', 'host:busybox', 'sh', '-c', 'echo $MUTATED']);
const stateOf = async (): Promise<string | undefined> => (await daemon.client.plugins.list()).find(({ name }) => name === 'faulty')?.state;

async function eventsSince(seq: number): Promise<readonly EventEnvelope['name'][]> {
  const found: EventEnvelope['name'][] = [];
  for await (const { name } of daemon.client.events.follow({ since: seq, signal: AbortSignal.timeout(300) })) found.push(name);
  return found;
}
const lastSeq = async (): Promise<number> => (await daemon.client.system.snapshot()).seq;

test('the same plugin works in a process of its own: a mutator, a rule, and a source with its stream', async () => {
  expect(await pluginProcesses()).toHaveLength(1);
  expect((await daemon.client.plugins.inspect('faulty')).isolation).toBe('process');
  expect(await run()).toBe('yes');
  await daemon.print(['pull', '-q', 'faulty:image']);
  expect((await daemon.client.images.list()).flatMap(({ references }) => references)).toContain('faulty:image');
});

describe.each(['specMutator.mutate', 'admissionRule.decide', 'imageSource.resolve', 'imageSource.fetch'])('in %s', (hook) => {
  const use = async (): Promise<number> =>
    hook.startsWith('imageSource')
      ? (await daemon.jocker(['pull', '-q', `faulty:x${Date.now()}`])).exitCode
      : (await daemon.jocker(['create', '--network', 'none', 'host:busybox'])).exitCode;
  const other = async (): Promise<void> => void (await daemon.print(['ps', '-a']));

  test('a crash of the process fails that call, is told, and the next process answers', async () => {
    const seq = await lastSeq();
    const [before] = await pluginProcesses();
    await set(hook, 'crash');
    expect(await use()).not.toBe(0);
    await other();
    await set();
    await expect.poll(stateOf, { timeout: 20_000 }).toBe('loaded');
    await expect.poll(use, { timeout: 20_000 }).toBe(0);
    const [after] = await pluginProcesses();
    expect(after).not.toBe(before);
    const names = await eventsSince(seq);
    expect(names.indexOf('plugin:failed')).toBeGreaterThan(-1);
    expect(names.indexOf('plugin:restarted')).toBeGreaterThan(names.indexOf('plugin:failed'));
  });

  test('garbage fails that call by name', async () => {
    await set(hook, 'garbage');
    expect(await use()).not.toBe(0);
    await set();
    expect(await use()).toBe(0);
  });
});

test('a process that spins is ended and replaced, and the engine answers all the while', async () => {
  await set('admissionRule.decide', 'spin');
  const stuck = daemon.jocker(['create', '--network', 'none', 'host:busybox']);
  const asked = async (): Promise<boolean> =>
    (await daemon.client.operations.list()).some(({ state, spans }) => state === 'running' && spans.at(-1)?.name === 'admission faulty');
  await expect.poll(asked, { timeout: 20_000 }).toBe(true);
  expect((await daemon.client.plugins.list()).length).toBeGreaterThan(1);
  expect(await stuck).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('it no longer answered') as string });
  await set();
  await expect.poll(run, { timeout: 20_000 }).toBe('yes');
});

test('a daemon that is killed takes the process with it, and the next one has a process again', async () => {
  const [before] = await pluginProcesses();
  await daemon.restart('SIGKILL');
  await expect
    .poll(async () => await readFile(`/proc/${before}/cmdline`, 'latin1').catch(() => ''), { timeout: 10_000 })
    .not.toContain(faulty);
  expect(await pluginProcesses()).toHaveLength(1);
  expect(await run()).toBe('yes');
});

test('a folder of plugins is loaded, and one of them in a process of its own goes without a trace', async () => {
  const plugin = join(folder, 'little');
  await mkdir(plugin);
  await writeFile(
    join(plugin, 'package.json'),
    '{ "name": "little", "version": "1.0.0", "type": "module", "main": "index.ts", "jocker": { "apiVersion": 1 } }',
  );
  await writeFile(
    join(plugin, 'index.ts'),
    `import { definePlugin } from '@jocker/core';
export default definePlugin({
  name: 'little',
  setup(jocker) {
    jocker.onClose(() => jocker.log.info('closed in good order'));
    jocker.events.on('container:created', ({ name }) => jocker.log.info('heard of ' + name));
    jocker.provide('specMutator', () => ({ name: 'little', after: ['faulty'], mutate: (draft) => void draft.process.env.push('LITTLE=' + process.pid) }));
  },
});`,
  );
  await daemon.print(['plugin', 'add', '--isolation', 'process', plugin]);
  const pid = Number(
    await daemon.print(['run', '--rm', '--name', 'heard', '--network', 'none', 'host:busybox', 'sh', '-c', 'echo $LITTLE']),
  );
  expect(await readFile(`/proc/${pid}/status`, 'utf8')).toContain(`PPid:\t${daemon.pid}\n`);
  await daemon.print(['plugin', 'remove', 'little']);
  await expect(readFile(`/proc/${pid}/status`, 'utf8')).rejects.toThrow();
  expect(await daemon.log()).toMatch(/heard of heard[^]*closed in good order/);
});
