import { definePlugin, type Engine, type EventName, type Plugin, type PluginEntry } from '@jocker/core';
import { createFakeRuntime } from '@jocker/core/testing';
import { builtins } from '@jocker/plugins';
import { afterEach, describe, expect, test } from 'vitest';
import { createEnginePlace, type EnginePlace } from '../support/temporary-engine.ts';

let place: EnginePlace;
let engine: Engine | undefined;
afterEach(async () => {
  await engine?.[Symbol.asyncDispose]();
  engine = undefined;
  await place.remove();
});

const open = async (...plugins: readonly Plugin[]): Promise<Engine> => {
  place = await createEnginePlace();
  const own = plugins.map((plugin): PluginEntry => ({ plugin, builtIn: false }));
  engine = await place.open({ plugins: [...own, ...builtins()] });
  return engine;
};

describe('a plugin of the user', () => {
  test('brings a runtime, a mutator and a rule, and each stands with its name where it acted', async () => {
    const opened = await open(
      definePlugin({
        name: 'mine',
        version: '2.0.0',
        setup(jocker) {
          jocker.provide('runtimeBackend', () => createFakeRuntime({ name: 'pretend' }));
          jocker.provide('specMutator', () => ({
            name: 'greeting',
            mutate(draft) {
              draft.process.env.push('GREETING=hello');
            },
          }));
          jocker.provide('admissionRule', () => ({
            name: 'no-root',
            decide: ({ user }) => (user === 'root' ? { allowed: false, reason: 'root is not welcome' } : { allowed: true }),
          }));
        },
      }),
    );
    const { id } = await opened.containers.create({
      image: 'host:busybox',
      runtime: 'pretend',
      network: 'none',
      command: ['sh', '-c', 'echo $GREETING'],
    });
    const { spec, steps } = await opened.containers.spec(id);
    expect(spec.process.env).toContain('GREETING=hello');
    expect(steps.find(({ mutator }) => mutator === 'greeting')).toMatchObject({
      plugin: 'mine',
      patch: [{ op: 'add', path: expect.stringMatching(/^\/process\/env\/\d+$/) as string, value: 'GREETING=hello' }],
    });
    await opened.containers.start(id);
    await opened.containers.wait(id);
    let log = '';
    for await (const { data } of opened.containers.logs(id)) log += data.toString();
    expect(log).toBe('hello\n');
    await expect(opened.containers.create({ image: 'host:busybox', user: 'root' })).rejects.toMatchObject({
      code: 'permission-denied',
      details: { rule: 'no-root', plugin: 'mine' },
    });
    const view = (await opened.system.info()).plugins.find(({ name }) => name === 'mine');
    expect(view).toMatchObject({ version: '2.0.0', builtIn: false, state: 'loaded' });
    expect(view?.provides.map(({ point, name }) => `${point} ${name}`)).toEqual([
      'runtimeBackend pretend',
      'specMutator greeting',
      'admissionRule no-root',
    ]);
  });

  test('whose runtime a container was made with cannot be removed before the container', async () => {
    const opened = await open(
      definePlugin({
        name: 'mine',
        setup: (jocker) => jocker.provide('runtimeBackend', () => createFakeRuntime({ name: 'pretend' })),
      }),
    );
    const { id, name } = await opened.containers.create({ image: 'host:busybox', runtime: 'pretend' });
    await expect(opened.plugins.remove('mine')).rejects.toMatchObject({
      code: 'failed-precondition',
      message: `plugin mine cannot be removed: runtimeBackend pretend is used by container ${name}`,
      details: { reason: 'in-use' },
    });
    await opened.containers.remove(id);
    await opened.plugins.remove('mine');
    await expect(opened.containers.create({ image: 'host:busybox', runtime: 'pretend' })).rejects.toThrow('there is no runtime pretend');
  });

  test('that breaks is left out and named, and the engine runs', async () => {
    const opened = await open(
      definePlugin({
        name: 'broken',
        setup() {
          throw new Error('cannot');
        },
      }),
    );
    const info = await opened.system.info();
    expect(info.plugins.find(({ name }) => name === 'broken')).toMatchObject({ state: 'failed', error: 'cannot', provides: [] });
    expect(info.runtimes.some(({ usable }) => usable)).toBe(true);
  });

  test('that listens hears what happens and can neither stop nor delay it', async () => {
    const heard: EventName[] = [];
    const opened = await open(
      definePlugin({
        name: 'listener',
        setup(jocker) {
          jocker.events.onAny(({ name }) => {
            heard.push(name);
            throw new Error('I always throw');
          });
        },
      }),
    );
    const { id } = await opened.containers.create({ image: 'host:busybox' });
    await opened.containers.remove(id);
    expect(heard.filter((name) => name.startsWith('container:'))).toEqual(['container:created', 'container:removed']);
  });
});

describe('a dry run', () => {
  test('gives the spec that a create would make, and makes nothing', async () => {
    const opened = await open();
    const request = { image: 'host:busybox', command: ['true'], env: ['A=b'], hostname: 'dry' };
    const dry = await opened.containers.dryRun(request);
    const { id } = await opened.containers.create(request);
    const made = await opened.containers.spec(id);
    expect(dry.steps.map(({ mutator }) => mutator)).toEqual(made.steps.map(({ mutator }) => mutator));
    expect(dry.spec.process).toEqual(made.spec.process);
    await opened.containers.remove(id);
    expect([await opened.containers.list(), await place.traces(['0'.repeat(64)])]).toEqual([[], []]);
  });
});

describe('disk usage and info', () => {
  test('count images, layers and containers', async () => {
    const opened = await open();
    const { id } = await opened.containers.create({ image: 'host:busybox' });
    const usage = await opened.system.diskUsage();
    expect(usage.layersBytes).toBeGreaterThan(0);
    expect(usage.images[0]).toMatchObject({ containers: 1, sharedBytes: 0, sizeBytes: usage.layersBytes });
    expect(usage.containers[0]).toMatchObject({ id, rootBytes: expect.any(Number) as number });
    expect((await opened.system.info()).containers).toEqual({ total: 1, running: 0, paused: 0, stopped: 1 });
    await expect(opened.images.remove('host:busybox')).rejects.toMatchObject({
      code: 'failed-precondition',
      details: { reason: 'in-use' },
    });
    await opened.containers.remove(id);
    await opened.images.remove('host:busybox');
    expect((await opened.system.diskUsage()).layersBytes).toBe(0);
  });
});
