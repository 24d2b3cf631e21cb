import { describe, expect, test } from 'vitest';
import type { PluginEntry } from '../engine/engine-options.ts';
import { createEventLog } from '../events/event-log.ts';
import { LifecycleBus } from '../events/lifecycle-bus.ts';
import { memoryState, recordingLogger } from '../testing/memory-state.ts';
import { loadPlugins, type PluginHost } from './plugin-host.ts';
import { definePlugin, type Plugin, type PluginContext } from './plugin.ts';

const log = recordingLogger();
const state = memoryState();
const events = new LifecycleBus(state, createEventLog(state.database), log);
const load = (entries: readonly PluginEntry[], timeoutMs = 10_000): Promise<PluginHost> =>
  loadPlugins({ entries, events, engineId: 'abcdefabcdef', dataRoot: '/data', runRoot: '/run', log, timeoutMs });

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

  test('refuses a circle of requirements with its path', async () => {
    await expect(load([own(providing('a', [], ['b'])), own(providing('b', [], ['a']))])).rejects.toThrow('a → b → a');
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
});
