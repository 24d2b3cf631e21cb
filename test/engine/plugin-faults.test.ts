import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { definePlugin, isolatePlugin, type Engine, type LoadedPluginEntry, type Plugin } from '@jocker/core';
import { createFakeRuntime } from '@jocker/core/testing';
import { builtins } from '@jocker/plugins';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import faulty, { type Fault } from '../support/faulty-plugin.ts';
import { createEnginePlace, type EnginePlace } from '../support/temporary-engine.ts';

/** Long enough for an answer, of another process too, on a busy machine. */
const timeLimitsMs = { none: 60, process: 400 } as const;
let place: EnginePlace;
let engine: Engine;
let directory: string;
let isolation: 'none' | 'process';

const pretend = definePlugin({
  name: 'pretend',
  setup: (jocker) => jocker.provide('runtimeBackend', () => createFakeRuntime({ name: 'pretend' })),
});
/** As `"isolation": "process"` does it. */
const isolated = async (): Promise<Plugin> => {
  const program = fileURLToPath(new URL('../../packages/cli/src/daemon/plugin-process.ts', import.meta.url));
  const file = fileURLToPath(new URL('../support/faulty-plugin.ts', import.meta.url));
  const execArgv = ['--conditions=jocker-source'];
  const start = (): ChildProcess =>
    fork(program, [file, 'faulty'], { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv });
  return await isolatePlugin({ name: 'faulty', fork: start });
};
const entry = async (required: boolean | undefined): Promise<LoadedPluginEntry> => ({
  plugin: isolation === 'process' ? await isolated() : (faulty as never),
  options: { control: join(directory, 'control'), timeLimitMs: timeLimitsMs[isolation] },
  builtIn: false,
  required,
});
const open = async (required?: boolean): Promise<void> => {
  const own: LoadedPluginEntry[] = [await entry(required), { plugin: pretend, builtIn: false }];
  engine = await place.open({ plugins: [...own, ...builtins()], defaultRuntime: 'pretend' });
  await engine.images.pull('host:busybox');
};
const set = async (hook?: string, fault?: Fault): Promise<void> =>
  await writeFile(join(directory, 'control'), hook === undefined ? '' : `${hook} ${fault ?? ''}\n`);
const create = async (image = 'host:busybox'): Promise<{ readonly id: string }> =>
  await engine.containers.create({ image, network: 'none', command: ['true'] });
const outcome = async (work: Promise<unknown>): Promise<'made' | 'refused'> =>
  await work.then(
    () => 'made' as const,
    () => 'refused' as const,
  );

beforeEach(async () => {
  place = await createEnginePlace();
  directory = await mkdtemp(join(tmpdir(), 'jocker-faults-'));
  await set();
});
afterEach(async () => {
  await engine[Symbol.asyncDispose]();
  await place.remove();
  await rm(directory, { recursive: true });
});

const hooks = ['specMutator.mutate', 'admissionRule.decide'] as const;
const faults = ['hang', 'crash', 'garbage'] as const;

describe.each(['none', 'process'] as const)('a plugin with isolation %s', (where) => {
  beforeAll(() => {
    isolation = where;
  });
  // What is not special about a process of its own is tried without one: starting it takes its time.
  const tried = faults.filter((fault) => where === 'none' || fault === 'crash');
  const every = hooks.flatMap((hook) => tried.map((fault) => [hook, fault] as const));

  describe('a hook', () => {
    test.each(every)('%s that is broken (%s) refuses what needs it, by name, and is back when it is healthy', async (hook, fault) => {
      await open();
      await set(hook, fault);
      for (let round = 0; round < 7; round += 1) await expect(create()).rejects.toThrow('faulty');
      expect((await engine.plugins.list()).find(({ name }) => name === 'faulty')).toMatchObject({ state: 'suspended' });
      expect((await engine.containers.list()).length).toBe(0);
      await set();
      while ((await outcome(create())) === 'refused') await sleep(20);
      expect((await engine.plugins.list()).find(({ name }) => name === 'faulty')).toMatchObject({ state: 'loaded', error: null });
    });

    test.each(every)('%s of an optional plugin that is broken (%s) is passed over', async (hook, fault) => {
      await open(false);
      await set(hook, fault);
      for (let round = 0; round < 8; round += 1) {
        const { id } = await create();
        const { spec, steps } = await engine.containers.spec(id);
        if (hook !== 'specMutator.mutate') continue;
        expect(spec.process.env).not.toContain('MUTATED=yes');
        expect(steps.find(({ mutator }) => mutator === 'faulty')?.skipped).toEqual(expect.any(String));
      }
      const usage = (await engine.plugins.usage()).filter(({ plugin, refused }) => plugin === 'faulty' && refused > 0);
      expect(usage.length).toBeGreaterThan(0);
    });

    test('that is slow within its limit answers', async () => {
      await open();
      await set('specMutator.mutate', 'slow');
      expect((await engine.containers.spec((await create()).id)).spec.process.env).toContain('MUTATED=yes');
    });
  });

  describe('an image source', () => {
    const sourceFaults = (['imageSource.resolve', 'imageSource.fetch'] as const).flatMap((hook) =>
      tried.map((fault) => [hook, fault] as const),
    );

    test.each(sourceFaults)('whose %s is broken (%s) fails its own pulls and no others', async (hook, fault) => {
      await open();
      await set(hook, fault);
      await expect(engine.images.pull('faulty:one')).rejects.toThrow('faulty');
      await engine.images.pull('host:cat');
      await set();
      while ((await outcome(engine.images.pull('faulty:two'))) === 'refused') await sleep(20);
    });
  });

  test('a required plugin fails closed, in 1,000 of 1,000 tries, whatever is wrong with it', async () => {
    await open(true);
    const outcomes = { made: 0, refused: 0 };
    for (const [index, fault] of (['crash', 'garbage', 'hang'] as const).entries()) {
      await set(hooks[index % hooks.length], fault);
      // Several at a time: whoever comes while a process starts again waits for it.
      for (let round = 0; round < 9; round += 1)
        for (const made of await Promise.all(Array.from({ length: 37 }, async () => await outcome(create())))) outcomes[made] += 1;
    }
    await engine.plugins.remove('faulty');
    const without = { ...(await entry(true)), options: {} };
    await expect(engine.plugins.add(without)).rejects.toThrow('control');
    outcomes[await outcome(engine.plugins.add(without))] += 1;
    expect(outcomes).toEqual({ made: 0, refused: 1000 });
  }, 120_000);
});
