import { describe, expect, test } from 'vitest';
import type { ContainerView } from '@jocker/core';
import { toNetworks } from './container-endpoints.ts';
import { statusText, toContainerSummary, toMountPoint } from './container-summary.ts';

const container = (more: Partial<ContainerView>): ContainerView =>
  ({
    id: 'c1',
    name: 'web',
    image: 'docker.io/library/alpine:3',
    imageId: 'sha256:a',
    command: ['sh', '-c', 'echo hi'],
    status: 'running',
    exitCode: null,
    createdAt: '2024-01-01T00:00:00Z',
    startedAt: '2024-01-01T00:01:00Z',
    finishedAt: null,
    labels: {},
    network: 'none',
    health: null,
    networks: [],
    endpoints: [],
    exposedPorts: [],
    mounts: [],
    ...more,
  }) as ContainerView;

describe('the status in words', () => {
  const now = Date.parse('2024-01-01T00:05:00Z');
  test.each([
    [{ status: 'running' }, 'Up 4 minutes'],
    [{ status: 'paused' }, 'Up 4 minutes (Paused)'],
    [{ status: 'exited', exitCode: 137, finishedAt: '2024-01-01T00:04:30Z' }, 'Exited (137) 30 seconds ago'],
    [{ status: 'restarting', exitCode: 1, finishedAt: '2024-01-01T00:04:59Z' }, 'Restarting (1) 1 second ago'],
    [{ status: 'created' }, 'Created'],
    [{ status: 'removing' }, 'Removal In Progress'],
    [{ status: 'dead' }, 'Dead'],
  ] as const)('%j', (more, text) => {
    expect(statusText(container(more), now)).toBe(text);
  });
});

test('words of a command that have spaces are quoted', () => {
  expect(toContainerSummary(container({}))).toMatchObject({ Command: "sh -c 'echo hi'", Image: 'alpine:3', Names: ['/web'] });
});

test('sizes are there when they were asked for', () => {
  expect(toContainerSummary(container({}))).not.toHaveProperty('SizeRw');
  expect(toContainerSummary(container({}), { writableBytes: 1, rootBytes: 2 })).toMatchObject({ SizeRw: 1, SizeRootFs: 2 });
});

test('a network is known by its id once the container was started', () => {
  expect(toNetworks({ networks: [], endpoints: [], network: 'host', startedAt: null })).toMatchObject({ host: { NetworkID: '' } });
  expect(toNetworks({ networks: [], endpoints: [], network: 'host', startedAt: '2024-01-01T00:01:00Z' })).toMatchObject({
    host: { NetworkID: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
  });
});

test.each([
  [true, 'ro', false],
  [false, '', true],
])('a mount that is read-only (%s) is told so', (readonly, Mode, RW) => {
  const mount = { type: 'bind', source: '/a', target: '/b', readonly, propagation: 'rprivate' } as const;
  expect(toMountPoint(mount)).toEqual({ Type: 'bind', Source: '/a', Destination: '/b', Mode, RW, Propagation: 'rprivate' });
});
