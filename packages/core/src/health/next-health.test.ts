import { describe, expect, test } from 'vitest';
import { healthPlanOf, mergeHealthcheck, type HealthPlan } from './health-plan.ts';
import type { HealthState } from './health-state.ts';
import { firstHealth, healthDelayMs, nextHealth } from './next-health.ts';

const plan: HealthPlan = {
  command: ['true'],
  intervalMs: 30_000,
  timeoutMs: 1_000,
  startPeriodMs: 10_000,
  startIntervalMs: 500,
  retries: 2,
};
const start = Date.parse('2026-01-01T00:00:00Z');

/** The state after checks at these seconds since the start, with these codes. */
function after(...checks: readonly (readonly [second: number, exitCode: number])[]): HealthState {
  return checks.reduce((state, [second, exitCode]) => {
    const startedAt = new Date(start + second * 1_000).toISOString();
    return nextHealth(state, { startedAt, finishedAt: startedAt, exitCode, output: '' }, plan, start);
  }, firstHealth);
}

describe('health', () => {
  test('is starting until a check says something else', () => {
    expect(after().status).toBe('starting');
  });

  test('is good after one success, also in the start period', () => {
    expect(after([1, 0])).toMatchObject({ status: 'healthy', failingStreak: 0 });
  });

  test('does not count failures in the start period', () => {
    expect(after([1, 1], [2, 1], [3, 1])).toMatchObject({ status: 'starting', failingStreak: 0 });
  });

  test('turns bad after as many failures in a row as it may have', () => {
    expect(after([11, 1])).toMatchObject({ status: 'starting', failingStreak: 1 });
    expect(after([11, 1], [12, 1])).toMatchObject({ status: 'unhealthy', failingStreak: 2 });
  });

  test('counts failures in the start period once it was good', () => {
    expect(after([1, 0], [2, 1], [3, 1]).status).toBe('unhealthy');
  });

  test('is good again after one success', () => {
    expect(after([11, 1], [12, 1], [13, 0])).toMatchObject({ status: 'healthy', failingStreak: 0 });
  });

  test('keeps the newest five results', () => {
    const { log } = after([1, 0], [2, 0], [3, 0], [4, 0], [5, 0], [6, 7]);
    expect([log.length, log.at(-1)?.exitCode]).toEqual([5, 7]);
  });

  test('is looked at often while it starts, and at its interval afterwards', () => {
    expect(healthDelayMs(firstHealth, plan, start, start + 1_000)).toBe(500);
    expect(healthDelayMs(firstHealth, plan, start, start + 11_000)).toBe(30_000);
    expect(healthDelayMs(after([1, 0]), plan, start, start + 2_000)).toBe(30_000);
  });
});

describe('a health check', () => {
  const imageConfig = { healthcheck: { test: ['CMD', 'ping'], intervalNs: 2e9, retries: 5 } };

  test('of the image is changed by what the request says, and by no more', () => {
    expect(mergeHealthcheck(imageConfig.healthcheck, { test: [], intervalNs: 0, retries: 1 })).toEqual({
      ...imageConfig.healthcheck,
      retries: 1,
    });
  });

  test('has docker’s defaults', () => {
    const found = healthPlanOf({ request: { image: 'a', healthcheck: { test: ['CMD-SHELL', 'exit 0'] } }, imageConfig: {} });
    expect(found).toEqual({
      command: ['/bin/sh', '-c', 'exit 0'],
      intervalMs: 30_000,
      timeoutMs: 30_000,
      startPeriodMs: 0,
      startIntervalMs: 5_000,
      retries: 3,
    });
  });

  test('of the image is switched off by NONE', () => {
    expect(healthPlanOf({ request: { image: 'a', healthcheck: { test: ['NONE'] } }, imageConfig })).toBeUndefined();
  });
});
