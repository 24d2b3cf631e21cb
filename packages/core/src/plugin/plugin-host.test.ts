import { describe, expect, test } from 'vitest';
import type { PluginEntry } from '../engine/engine-options.ts';
import { createEventLog } from '../events/event-log.ts';
import { LifecycleBus } from '../events/lifecycle-bus.ts';
import { memoryState, recordingLogger } from '../testing/memory-state.ts';
import { loadPlugins, type PluginHost } from './plugin-host.ts';
import { Type } from '@sinclair/typebox';
import { definePlugin, type Plugin, type PluginContext } from './plugin.ts';

const log = recordingLogger();
const state = memoryState();
const events = new LifecycleBus(state, createEventLog(state.database), log);
const hostOptions = { events, engineId: 'abcdefabcdef', dataRoot: '/data', runRoot: '/run', log };
const load = (entries: readonly PluginEntry[], timeoutMs = 10_000): Promise<PluginHost> =>
  loadPlugins({ ...hostOptions, entries, timeoutMs });

const rule = (name: string) => ({ name, decide: () => ({ allowed: true }) as const });
const plugin = (name: string, setup: (context: PluginContext) => void | Promise<void>, requires: readonly string[] = []): Plugin =>
  definePlugin({ name, requires, setup });
const own = (made: Plugin): PluginEntry => ({ plugin: made, builtIn: false });
const builtIn = (made: Plugin): PluginEntry => ({ plugin: made, builtIn: true });
const providing = (name: string, rules: readonly string[], requires: readonly string[] = []): Plugin =>
  plugin(name, (context) => rules.forEach((each) => context.provide('admissionRule', () => rule(each))), requires);
const rulesOf = (host: PluginHost): string[] => host.contributions('admissionRule').map(({ plugin: by, value }) => `${by}:${value.name}`);
const statesOf = (host: PluginHost): string[] => host.views.map((view) => `${view.name} ${view.state} ${view.error ?? ''}`.trim());

describe('the plugin host', () => {
  test('keeps the order of the entries, though a plugin is set up after those it requires', async () => {
    const order: string[] = [];
    const noting = (name: string, requires: readonly string[] = []): Plugin =>
      plugin(
        name,
        (context) => {
          order.push(name);
          context.provide('admissionRule', () => rule(name));
        },
        requires,
      );
    const host = await load([own(noting('mine', ['base'])), builtIn(noting('base'))]);
    expect(order).toEqual(['base', 'mine']);
    expect(rulesOf(host)).toEqual(['mine:mine', 'base:base']);
  });

  test('takes the name of a package for a name, and nothing that is none', async () => {
    expect(statesOf(await load([own(providing('@acme/a-plugin', ['x']))]))).toEqual(['@acme/a-plugin loaded']);
    expect((await load([own(providing('../x', [])), own(providing('fine', []))])).views).toMatchObject([
      { name: '../x', state: 'failed', error: expect.stringContaining('a plugin has a name') as string },
      { name: 'fine', state: 'loaded' },
    ]);
  });

  test('leaves out a plugin whose setup throws, whole, and goes on', async () => {
    const bad = plugin('bad', (context) => {
      context.provide('admissionRule', () => rule('half'));
      throw new Error('broken on purpose');
    });
    const host = await load([own(bad), own(providing('good', ['fine']))]);
    expect(rulesOf(host)).toEqual(['good:fine']);
    expect(statesOf(host)).toEqual(['bad failed broken on purpose', 'good loaded']);
  });

  test('leaves out a plugin whose factory throws, and who requires it', async () => {
    const bad = plugin('bad', (context) => {
      context.provide('admissionRule', () => {
        throw new Error('no factory');
      });
    });
    const host = await load([own(bad), own(providing('on-top', ['x'], ['bad'])), own(providing('lost', ['y'], ['nowhere']))]);
    expect(rulesOf(host)).toEqual([]);
    expect(statesOf(host)).toEqual([
      'bad failed no factory',
      'on-top failed plugin on-top requires bad, which failed',
      'lost failed plugin lost requires nowhere, which is not there',
    ]);
  });

  test('gives up on a setup that takes too long', async () => {
    const never = plugin('never', () => new Promise<void>(() => undefined));
    expect(statesOf(await load([own(never)], 20))).toEqual(['never failed the setup of plugin never took longer than 0.02 s']);
  });

  test('refuses the plugin of the user that takes a built-in name, not the built-in one', async () => {
    const host = await load([own(providing('mine', ['same'])), builtIn(providing('base', ['same']))]);
    expect(rulesOf(host)).toEqual(['base:same']);
    expect(statesOf(host)[0]).toBe('mine failed admissionRule same of plugin mine is provided by base already');
  });

  test('fails when a built-in plugin fails, and closes what was open', async () => {
    const closed: string[] = [];
    const open = plugin('open', (context) => context.onClose(() => void closed.push('open')));
    const bad = plugin('bad', () => {
      throw new Error('broken');
    });
    await expect(load([builtIn(open), builtIn(bad)])).rejects.toThrow('the built-in plugin bad failed: broken');
    expect(closed).toEqual(['open']);
  });

  test('leaves out plugins that require each other in a circle, with its path, and loads the others', async () => {
    const host = await load([own(providing('a', [], ['b'])), own(providing('b', [], ['a'])), own(providing('c', ['fine']))]);
    const why = 'plugins require each other in a circle: a → b → a';
    expect(statesOf(host)).toEqual([`a failed ${why}`, `b failed ${why}`, 'c loaded']);
  });

  test('refuses two plugins of one name by keeping the first', async () => {
    const host = await load([own(providing('twin', ['first'])), own(providing('twin', ['second']))]);
    expect(rulesOf(host)).toEqual(['twin:first']);
  });

  test('closes in reverse order, past one that fails', async () => {
    const closed: string[] = [];
    const closing = (name: string): Plugin =>
      plugin(name, (context) => {
        context.onClose(() => void closed.push(`${name} 1`));
        context.onClose(() => {
          closed.push(`${name} 2`);
          throw new Error('stuck');
        });
      });
    const host = await load([own(closing('a')), own(closing('b'))]);
    await host.close();
    expect(closed).toEqual(['b 2', 'b 1', 'a 2', 'a 1']);
  });

  test('passes its options, its folder and the engine id to a plugin', async () => {
    const seen: unknown[] = [];
    const curious = definePlugin<{ level: number }>({
      name: 'curious',
      setup: (context, options) => void seen.push(options.level, context.directories.pluginData, context.engineId),
    });
    await load([{ plugin: curious as Plugin<never>, options: { level: 3 }, builtIn: false }]);
    expect(seen).toEqual([3, '/data/plugins/curious', 'abcdefabcdef']);
  });

  test('leaves out a plugin that was made for another version of the API, and one that could not be loaded', async () => {
    const old = definePlugin({ name: 'old', apiVersion: 0, setup: () => undefined });
    const broken: PluginEntry = { broken: { name: './nowhere', error: new Error('there is no such file') }, builtIn: false };
    const host = await load([broken, own(old)]);
    expect(statesOf(host)).toEqual([
      './nowhere failed there is no such file',
      'old failed plugin old is made for version 0 of the plugin API, and this engine has version 1',
    ]);
  });
});

describe('options with a schema', () => {
  const seen: unknown[] = [];
  const configured = definePlugin({
    name: 'configured',
    options: Type.Object({
      path: Type.String(),
      limits: Type.Object({ retries: Type.Integer({ default: 3, minimum: 0 }) }, { default: {} }),
    }),
    setup: (_context, options) => void seen.push(options.path.length, options.limits.retries),
  });
  const withOptions = (options: unknown): PluginEntry => ({ plugin: configured as Plugin<never>, options, builtIn: false });

  test('have the types of the schema, and its defaults', async () => {
    await load([withOptions({ path: '/tmp' })]);
    expect(seen).toEqual([4, 3]);
  });

  test.each([
    [{}, 'plugin configured was given the option path: expected required property, not nothing'],
    [{ path: 4 }, 'plugin configured was given the option path: expected string, not 4'],
    [{ path: '/', limits: { retries: -1 } }, 'the option limits.retries: expected integer to be greater or equal to 0, not -1'],
    [{ path: '/', pth: '/' }, 'plugin configured has no option pth; it has path, limits'],
  ])('that are wrong are named: %j', async (options, message) => {
    expect((await load([withOptions(options)])).views[0]?.error).toContain(message);
  });
});

describe('the order of rules', () => {
  const wishing = (name: string, wishes: { before?: string[]; after?: string[] }): Plugin =>
    plugin(name, (context) => context.provide('admissionRule', () => ({ ...rule(name), ...wishes })));

  test('is the one of loading, but for what a rule wishes', async () => {
    const host = await load([
      own(wishing('a', { after: ['c'] })),
      own(wishing('b', {})),
      own(wishing('c', {})),
      own(wishing('d', { before: ['b'] })),
    ]);
    expect(rulesOf(host)).toEqual(['c:c', 'a:a', 'd:d', 'b:b']);
  });

  test('cannot be a circle: the plugin that closes it is left out, with the names', async () => {
    const host = await load([own(wishing('a', { before: ['b'] })), own(wishing('b', { before: ['a'] }))]);
    expect(rulesOf(host)).toEqual(['a:a']);
    expect(host.views[1]?.error).toMatch(/they want to come before each other: (a → b → a|b → a → b)/);
  });
});

describe('a running engine', () => {
  test('gets a plugin, which stands before the built-in ones, and loses it again', async () => {
    const host = await load([builtIn(providing('base', ['last']))]);
    const before = host.contributions('admissionRule');
    const closed: string[] = [];
    const late = plugin('late', (context) => {
      context.provide('admissionRule', () => rule('first'));
      context.onClose(() => void closed.push('late'));
    });
    expect((await host.add({ plugin: late, builtIn: false })).state).toBe('loaded');
    expect(rulesOf(host)).toEqual(['late:first', 'base:last']);
    expect(before).toHaveLength(1);
    await host.remove('late');
    expect([rulesOf(host), closed, statesOf(host)]).toEqual([['base:last'], ['late'], ['base loaded']]);
    await host.add({ plugin: late, builtIn: false });
    expect(rulesOf(host)).toEqual(['late:first', 'base:last']);
  });

  test('keeps nothing of a plugin that fails when it is added', async () => {
    const host = await load([builtIn(providing('base', ['same']))]);
    await expect(host.add({ plugin: providing('thief', ['same']), builtIn: false })).rejects.toThrow('is provided by base already');
    await expect(host.add({ plugin: providing('base', ['other']), builtIn: false })).rejects.toThrow('there is a plugin base already');
    await expect(host.add({ plugin: providing('lost', ['x'], ['nowhere']), builtIn: false })).rejects.toThrow('requires nowhere');
    expect(statesOf(host)).toEqual(['base loaded']);
  });

  test('does not lose a plugin that another requires, a built-in one, or one whose driver something was made with', async () => {
    const users = ['container web'];
    const host = await loadPlugins({
      ...hostOptions,
      entries: [own(providing('top', ['x'], ['base'])), own(providing('base', ['y'])), builtIn(providing('fixed', ['z']))],
      usersOf: (_point, name) => (name === 'x' ? users : []),
    });
    await expect(host.remove('base')).rejects.toThrow('plugin base cannot be removed: it is required by top');
    await expect(host.remove('fixed')).rejects.toThrow('plugin fixed is built in and cannot be removed');
    await expect(host.remove('top')).rejects.toThrow('plugin top cannot be removed: admissionRule x is used by container web');
    await expect(host.remove('nobody')).rejects.toMatchObject({ code: 'not-found' });
    users.pop();
    await host.remove('top');
    await host.remove('base');
    expect(statesOf(host)).toEqual(['fixed loaded']);
  });

  test('closes a plugin after the operations that use it, and keeps it when they do not end', async () => {
    const closed: string[] = [];
    const used = plugin('used', (context) => {
      context.provide('admissionRule', () => rule('r'));
      context.onClose(() => void closed.push('used'));
    });
    const host = await loadPlugins({ ...hostOptions, entries: [own(used)], drainMs: 40 });
    const use = host.use(['used']);
    await expect(host.remove('used')).rejects.toThrow('plugin used cannot be removed: operations still use it');
    expect([closed, rulesOf(host)]).toEqual([[], ['used:r']]);
    const removing = host.remove('used');
    use[Symbol.dispose]();
    await removing;
    expect([closed, rulesOf(host)]).toEqual([['used'], []]);
  });

  test('refuses to create without a plugin that is required and not there, and only then', async () => {
    const broken: PluginEntry = { broken: { name: 'policy', error: new Error('it does not parse') }, builtIn: false };
    const tolerant = await load([broken]);
    expect(() => tolerant.assertRequired()).not.toThrow();
    const host = await load([{ ...broken, required: true }]);
    expect(() => host.assertRequired()).toThrow('the required plugin policy is not there: it does not parse');
    await host.add({ plugin: providing('policy', ['p']), builtIn: false, required: true });
    expect(() => host.assertRequired()).not.toThrow();
  });
});
