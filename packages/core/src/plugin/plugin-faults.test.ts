import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { recordingLogger } from '../testing/memory-state.ts';
import { createCircuitBreaker } from './circuit-breaker.ts';
import type { ExtensionPoints } from './extension-points.ts';
import { guardContribution } from './guard-contribution.ts';
import { hooks, policyOf, type Hook, type HookPolicy } from './hook-policy.ts';
import { createPluginAccounts, type PluginAccounts } from './plugin-accounts.ts';

const timeLimitMs = 25;
const context = { signal: new AbortController().signal, log: recordingLogger() };

interface Case {
  readonly point: keyof ExtensionPoints;
  readonly method: string;
  readonly hook: Hook;
}
const cases: readonly Case[] = Object.entries(hooks).flatMap(([point, methods]) =>
  Object.entries(methods as Readonly<Record<string, Hook>>).map(([method, hook]) => ({
    point: point as keyof ExtensionPoints,
    method,
    hook,
  })),
);
const skips = ({ point, hook }: Case): boolean => point === 'specMutator' || hook.skipped !== undefined;

interface Asked {
  readonly call: () => Promise<unknown>;
  readonly accounts: PluginAccounts;
}

function ask({ point, method }: Case, answer: () => unknown, policy: HookPolicy = {}): Asked {
  const accounts = createPluginAccounts();
  const driver = { name: 'faulty', [method]: answer } as unknown as ExtensionPoints[typeof point];
  const guarded = guardContribution(point, driver, {
    plugin: 'faulty',
    policy: policyOf(point, { timeLimitMs, onError: 'fail', onTimeout: 'fail', ...policy }, undefined),
    breakerOf: () => createCircuitBreaker({ now: () => performance.now(), onChange: () => undefined }),
    accounts,
    activity: { running: 0 },
    foreign: true,
  });
  const call = (guarded as unknown as Readonly<Record<string, (...given: unknown[]) => unknown>>)[method];
  return { accounts, call: async () => await call?.({}, context) };
}

const named = (wanted: (each: Case) => boolean): [string, Case][] =>
  cases.filter(wanted).map((each) => [`${each.point}.${each.method}`, each]);
const all = named(() => true);

test.each(named(({ hook }) => hook.kind !== 'open'))('%s that hangs fails within its time limit', async (_name, each) => {
  const { call, accounts } = ask(each, async () => await new Promise(() => undefined));
  await expect(call()).rejects.toMatchObject({ code: 'deadline-exceeded' });
  expect(accounts.list()[0]).toMatchObject({ calls: 1, timeouts: 1 });
});

test.each(all)('%s that throws, or rejects, fails and is counted', async (_name, each) => {
  for (const fault of [
    () => Promise.reject(new TypeError('crash')),
    (): never => {
      throw new TypeError('crash');
    },
  ]) {
    const { call, accounts } = ask(each, fault);
    await expect(call()).rejects.toThrow('crash');
    expect(accounts.list()[0]).toMatchObject({ calls: 1, errors: 1 });
  }
});

test.each(named(({ hook }) => hook.wrong !== undefined))('%s that answers with garbage fails by name', async (_name, each) => {
  for (const garbage of [
    undefined,
    null,
    42,
    'garbage',
    {},
    [[]],
    Symbol('x'),
    { pid: -1, size: 'big', usable: 'yes', allowed: 'maybe' },
  ]) {
    const { call } = ask(each, async () => await Promise.resolve(garbage));
    if (each.hook.wrong?.(garbage) === undefined) continue;
    await expect(call()).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('faulty') as string });
  }
});

test.each(all)('%s that is slow but within its limit is waited for', async (_name, each) => {
  const { call } = ask(
    each,
    async () => {
      await sleep(5);
      throw new Error('it was asked to the end');
    },
    { timeLimitMs: 10_000 },
  );
  await expect(call()).rejects.toThrow('it was asked to the end');
});

test.each(named(skips))('%s that fails is passed over where the plugin says so', async (_name, each) => {
  for (const fault of [async () => await new Promise(() => undefined), () => Promise.reject(new Error('crash'))]) {
    const { call } = ask(each, fault, { onError: 'skip', onTimeout: 'skip' });
    if (each.point === 'specMutator') await expect(call()).rejects.toMatchObject({ name: 'SkippedCall' });
    else await expect(call()).resolves.toEqual(each.hook.skipped);
  }
});
