import { describe, expect, test } from 'vitest';
import type { ContainerView } from '@jocker/protocol';
import { containerStatus } from './container-status.ts';
import { repositoryAndTag } from './familiar-reference.ts';
import { binarySize, decimalSize, humanDuration, shortId, truncated } from './human.ts';
import { table } from './table.ts';

test('a table has columns as wide as their widest cell, and no blanks at its end', () => {
  expect(
    table(
      ['A', 'LONG'],
      [
        ['wide cell', 'x'],
        ['', 'y'],
      ],
    ),
  ).toEqual(['A           LONG', 'wide cell   x', '            y']);
});

test.each([
  [0, '0B', '0B'],
  [999, '999B', '999B'],
  [1_234_567, '1.23MB', '1.177MiB'],
  [64 * 2 ** 20, '67.1MB', '64MiB'],
])('%i bytes are %s, or %s', (bytes, decimal, binary) => {
  expect([decimalSize(bytes), binarySize(bytes)]).toEqual([decimal, binary]);
});

test.each([
  [500, 'Less than a second'],
  [1000, '1 second'],
  [59_000, '59 seconds'],
  [61_000, 'About a minute'],
  [10 * 60_000, '10 minutes'],
  [60 * 60_000, 'About an hour'],
  [5 * 3_600_000, '5 hours'],
  [3 * 86_400_000, '3 days'],
  [21 * 86_400_000, '3 weeks'],
  [90 * 86_400_000, '3 months'],
  [800 * 86_400_000, '2 years'],
])('%i ms are %s', (ms, words) => {
  expect(humanDuration(ms)).toBe(words);
});

test.each([
  ['docker.io/library/alpine:3.22', 'alpine', '3.22'],
  ['docker.io/user/app:latest', 'user/app', 'latest'],
  ['localhost:5000/app:1', 'localhost:5000/app', '1'],
  ['localhost:5000/app', 'localhost:5000/app', '<none>'],
  ['quay.io/a@sha256:00', 'quay.io/a', '<none>'],
  ['rootfs:/a/b.tar', 'rootfs:/a/b.tar', '<none>'],
])('%s is shown as %s and %s', (reference, repository, tag) => {
  expect(repositoryAndTag(reference)).toEqual([repository, tag]);
});

test('ids are short, texts are cut with an ellipsis', () => {
  expect(shortId(`sha256:${'ab'.repeat(32)}`)).toBe('abababababab');
  expect(truncated('a long command', 8)).toBe('a long …');
});

describe('the status of a container', () => {
  const now = Date.parse('2026-01-01T01:00:00Z');
  const at = (more: Partial<ContainerView>): string =>
    containerStatus(
      {
        createdAt: '2026-01-01T00:00:00Z',
        startedAt: '2026-01-01T00:50:00Z',
        finishedAt: null,
        exitCode: null,
        health: null,
        ...more,
      } as ContainerView,
      now,
    );
  test.each<[Partial<ContainerView>, string]>([
    [{ status: 'created' }, 'Created'],
    [{ status: 'running' }, 'Up 10 minutes'],
    [{ status: 'paused' }, 'Up 10 minutes (Paused)'],
    [{ status: 'exited', exitCode: 137, finishedAt: '2026-01-01T00:58:00Z' }, 'Exited (137) 2 minutes ago'],
  ])('%o is %s', (view, words) => {
    expect(at(view)).toBe(words);
  });
});
