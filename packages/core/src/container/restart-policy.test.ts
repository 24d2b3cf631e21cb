import { expect, test } from 'vitest';
import { restartDelayMs, startsWithEngine, type EndedRun } from './restart-policy.ts';

const run: EndedRun = { exitCode: 1, ranMs: 5, stoppedByUser: false, restartCount: 0, lastDelayMs: 0 };

test('delays double from 100 ms up to a minute', () => {
  const delays: number[] = [];
  let lastDelayMs = 0;
  for (let count = 0; count < 12; count += 1) {
    lastDelayMs = restartDelayMs({ name: 'always', maximumRetryCount: 0 }, { ...run, lastDelayMs }) ?? -1;
    delays.push(lastDelayMs);
  }
  expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000]);
});

test('a run of ten seconds makes the delay small again', () => {
  expect(restartDelayMs({ name: 'always', maximumRetryCount: 0 }, { ...run, lastDelayMs: 6_400, ranMs: 10_000 })).toBe(100);
});

test.each([
  ['no', 1, false, 0, false],
  ['always', 0, false, 0, true],
  ['always', 0, true, 0, false],
  ['unless-stopped', 0, false, 0, true],
  ['on-failure', 0, false, 0, false],
  ['on-failure', 1, false, 1, true],
  ['on-failure', 1, false, 2, false],
] as const)('%s after exit code %i, stopped %s, %i restarts: again %s', (name, exitCode, stoppedByUser, restartCount, again) => {
  expect(restartDelayMs({ name, maximumRetryCount: 2 }, { ...run, exitCode, stoppedByUser, restartCount }) !== undefined).toBe(again);
});

test('only always and unless-stopped start with the engine, and the latter not after a stop', () => {
  const starts = (name: 'no' | 'always' | 'unless-stopped' | 'on-failure', stopped: boolean): boolean =>
    startsWithEngine({ name, maximumRetryCount: 0 }, stopped);
  expect([starts('always', false), starts('always', true), starts('unless-stopped', false), starts('unless-stopped', true)]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect([starts('no', false), starts('on-failure', false)]).toEqual([false, false]);
});
