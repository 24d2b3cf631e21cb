import { describe, expect, test } from 'vitest';
import type { Usability } from '../operation/operation-context.ts';
import type { RuntimeBackend } from '../runtime/runtime-backend.ts';
import { createDrivers, type Drivers } from './drivers.ts';
import type { PluginHost } from './plugin-host.ts';

function driversOf(usabilities: Readonly<Record<string, Usability | Error>>, preferred?: string): { drivers: Drivers; probes: string[] } {
  const probes: string[] = [];
  const runtimes = Object.keys(usabilities).map((name) => ({
    plugin: `plugin-${name}`,
    value: {
      name,
      probe: async () => {
        probes.push(name);
        const usability = usabilities[name] ?? bad;
        if (usability instanceof Error) throw usability;
        return usability;
      },
      version: async () => '1.2.3',
    } as unknown as RuntimeBackend,
  }));
  const host = {
    views: [],
    contributions: (point: string) => (point === 'runtimeBackend' ? runtimes : []),
    close: () => Promise.resolve(),
  };
  return { drivers: createDrivers(host as unknown as PluginHost, { runtime: preferred }), probes };
}
const good: Usability = { usable: true };
const bad: Usability = { usable: false, reason: 'not installed' };

describe('the default driver', () => {
  test('is the first that works, and each is asked once', async () => {
    const { drivers, probes } = driversOf({ one: bad, two: good, three: good });
    expect((await drivers.runtimes.choose()).value.name).toBe('two');
    await drivers.runtimes.choose();
    await drivers.runtimes.choose('two');
    expect(probes).toEqual(['one', 'two']);
  });

  test('is what the config says, and nothing else when that does not work', async () => {
    expect((await driversOf({ one: good, two: good }, 'two').drivers.runtimes.choose()).plugin).toBe('plugin-two');
    await expect(driversOf({ one: good, two: bad }, 'two').drivers.runtimes.choose()).rejects.toMatchObject({
      code: 'failed-precondition',
      message: 'the runtime two cannot be used: not installed',
    });
  });

  test('is looked for again after none worked', async () => {
    const usabilities: Record<string, Usability> = { one: bad };
    const { drivers } = driversOf(usabilities);
    await expect(drivers.runtimes.choose()).rejects.toThrow('no runtime can be used here (one: not installed)');
    usabilities['one'] = good;
    expect((await drivers.runtimes.choose()).value.name).toBe('one');
    await expect(drivers.snapshotters.choose()).rejects.toThrow('no snapshotter can be used here (no plugin provides one)');
  });
});

describe('a driver by name', () => {
  test('that nobody provides is refused with the names that there are', async () => {
    const { drivers } = driversOf({ one: good, two: good });
    await expect(drivers.runtimes.choose('three')).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'there is no runtime three; there are one, two',
    });
  });

  test('of something made earlier is found whether it works or not, or is named as gone', () => {
    const { drivers } = driversOf({ one: bad });
    expect(drivers.runtimes.byName('one').value.name).toBe('one');
    expect(() => drivers.runtimes.byName('lost')).toThrow('no plugin provides the runtime lost any more');
  });
});

test('the description says what works, why not, and what is the default', async () => {
  const { drivers } = driversOf({ broken: new Error('probe crashed'), fine: good });
  expect(await drivers.runtimes.describe()).toEqual([
    { name: 'broken', usable: false, detail: 'probe crashed', isDefault: false },
    { name: 'fine', usable: true, detail: '1.2.3', isDefault: true },
  ]);
});
