import type { AdmissionRule, SpecMutator } from '@jocker/core';
import { describe, expect, test } from 'vitest';
import { assertBudget } from './assert-budget.ts';
import { describeAdmissionRule } from './admission-rule-contract.ts';
import { injectFaults } from './inject-faults.ts';
import { meterCalls } from './meter-calls.ts';
import { specInput } from './spec-input.ts';
import { describeSpecMutator } from './spec-mutator-contract.ts';

const greeter: SpecMutator = {
  name: 'greeter',
  mutate(draft, { request }) {
    if (request.labels?.['greet'] !== undefined) draft.process.env.push(`GREETING=${request.labels['greet']}`);
  },
};
const noPrivileged: AdmissionRule = {
  name: 'no-privileged',
  decide: ({ privileged }) =>
    privileged === true ? { allowed: false, reason: 'privileged containers are not allowed' } : { allowed: true },
};

describeSpecMutator('an added variable', { mutator: greeter, request: { labels: { greet: 'hello' } }, changes: ['/process/env'] });
describeAdmissionRule('nothing privileged', { rule: noPrivileged, allowed: {}, refused: { privileged: true } });

interface Door {
  readonly name: string;
  open(key: string): Promise<string>;
}
const door: Door = { name: 'door', open: async (key) => `opened with ${key}` };

describe('a driver with faults', () => {
  test('does its work, with its arguments, until it is broken', async () => {
    const faulty = injectFaults(door);
    expect([await faulty.driver.open('a'), faulty.driver.name, faulty.calls('open')]).toEqual(['opened with a', 'door', 1]);
  });

  test('crashes as often as asked and works again', async () => {
    const faulty = injectFaults(door);
    faulty.break('open', { kind: 'crash' }, 1);
    expect(() => faulty.driver.open('a')).toThrow('open crashed on purpose');
    expect(await faulty.driver.open('a')).toBe('opened with a');
  });

  test('answers garbage until it is healed', async () => {
    const faulty = injectFaults(door);
    faulty.break('open', { kind: 'garbage', answer: 42 });
    expect([faulty.driver.open('a'), faulty.driver.open('a')]).toEqual([42, 42]);
    faulty.heal('open');
    expect(await faulty.driver.open('a')).toBe('opened with a');
  });

  test('never answers while it hangs', async () => {
    const faulty = injectFaults(door);
    faulty.break('open', { kind: 'hang' });
    const first = await Promise.race([faulty.driver.open('a'), new Promise((resolve) => setTimeout(resolve, 30, 'nothing'))]);
    expect(first).toBe('nothing');
  });

  test('does its work late when it is slow', async () => {
    const faulty = injectFaults(door);
    faulty.break('open', { kind: 'slow', delayMs: 30 });
    const answer = faulty.driver.open('a');
    expect(await Promise.race([answer, Promise.resolve('nothing yet')])).toBe('nothing yet');
    expect(await answer).toBe('opened with a');
  });
});

describe('a latency budget', () => {
  /** Each call takes as long as the next of `spans` says. */
  const metered = async (spans: readonly number[]) => {
    const ticks = spans.flatMap((span) => [0, span]);
    const meter = meterCalls(door, () => ticks.shift() ?? 0);
    for (const _ of spans) await meter.driver.open('a');
    return meter.times;
  };

  test('is kept by calls that are quick enough', async () => {
    const times = await metered([1, 2, 9]);
    expect(() => assertBudget(times, { open: { medianMs: 2, maximumMs: 9 } })).not.toThrow();
  });

  test('is exceeded by a slow median or a slow call, which are named', async () => {
    const times = await metered([5, 6, 90]);
    expect(() => assertBudget(times, { open: { medianMs: 2, maximumMs: 50 } })).toThrow(
      'over the latency budget: the median of open is 6 ms of 2 ms; the slowest open took 90 ms of 50 ms',
    );
  });

  test('is not kept by a method that nobody called', () => {
    expect(() => assertBudget({}, { open: { medianMs: 2 } })).toThrow('open was not called');
  });
});

describe('the input of a mutator', () => {
  test('is frozen, and reads the files that the test gave', async () => {
    const input = specInput({ request: { labels: { a: 'b' } }, files: { '/etc/passwd': 'root' } });
    expect(Object.isFrozen(input.request.labels)).toBe(true);
    expect((await input.rootfs.readFile('/etc/passwd'))?.toString()).toBe('root');
    expect([await input.rootfs.stat('/etc'), await input.rootfs.stat('/none')]).toEqual(['directory', undefined]);
  });
});
