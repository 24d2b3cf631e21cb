import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { definePlugin, type Engine, type LoadedPluginEntry } from '@jocker/core';
import { createFakeRuntime } from '@jocker/core/testing';
import { builtins } from '@jocker/plugins';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import faulty, { type Fault } from '../support/faulty-plugin.ts';
import { createEnginePlace, type EnginePlace } from '../support/temporary-engine.ts';

const timeLimitMs = 60;
let place: EnginePlace;
let engine: Engine;
let directory: string;

const pretend = definePlugin({
  name: 'pretend',
  setup: (jocker) => jocker.provide('runtimeBackend', () => createFakeRuntime({ name: 'pretend' })),
});
const entry = (required: boolean | undefined): LoadedPluginEntry => ({
  plugin: faulty as never,
  options: { control: join(directory, 'control'), timeLimitMs },
  builtIn: false,
  required,
});
const open = async (required?: boolean): Promise<void> => {
  const own: LoadedPluginEntry[] = [entry(required), { plugin: pretend, builtIn: false }];
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
const every = hooks.flatMap((hook) => faults.map((fault) => [hook, fault] as const));

describe('a hook of a plugin', () => {
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
    expect(usage).toHaveLength(1);
  });

  test('that is slow within its limit answers', async () => {
    await open();
    await set('specMutator.mutate', 'slow');
    expect((await engine.containers.spec((await create()).id)).spec.process.env).toContain('MUTATED=yes');
  });
});

describe('an image source', () => {
  const sourceFaults = (['imageSource.resolve', 'imageSource.fetch'] as const).flatMap((hook) =>
    faults.map((fault) => [hook, fault] as const),
  );

  test.each(sourceFaults)('whose %s is broken (%s) fails its own pulls and no others', async (hook, fault) => {
    await open();
    await set(hook, fault);
    await expect(engine.images.pull('faulty:one')).rejects.toThrow('faulty');
    await engine.images.pull('host:cat');
    await set();
    await engine.images.pull('faulty:two');
  });
});

test('a required plugin fails closed, in 1,000 of 1,000 tries, whatever is wrong with it', async () => {
  await open(true);
  const outcomes = { made: 0, refused: 0 };
  for (const [index, fault] of (['crash', 'garbage', 'hang'] as const).entries()) {
    await set(hooks[index % hooks.length], fault);
    for (let round = 0; round < 333; round += 1) outcomes[await outcome(create())] += 1;
  }
  await engine.plugins.remove('faulty');
  await expect(engine.plugins.add({ ...entry(true), options: {} })).rejects.toThrow('control');
  outcomes[await outcome(engine.plugins.add({ ...entry(true), options: {} }))] += 1;
  expect(outcomes).toEqual({ made: 0, refused: 1000 });
});
