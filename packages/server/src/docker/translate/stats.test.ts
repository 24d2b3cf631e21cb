import { expect, test } from 'vitest';
import type { ContainerStats } from '@jocker/core';
import { emptyStats, toDockerStats } from './stats.ts';

const sample = (totalNs: number, more: Partial<ContainerStats> = {}): ContainerStats => ({
  id: 'c1',
  name: 'web',
  time: '2024-01-01T00:00:01Z',
  cpu: {
    totalNs,
    userNs: 1,
    systemNs: 2,
    systemTotalNs: 1000,
    onlineCpus: 2,
    percent: null,
    throttledPeriods: 3,
    throttledNs: 4,
    periods: 5,
  },
  memory: { usageBytes: 10, limitBytes: 20, inactiveFileBytes: 1, maxUsageBytes: 0, details: { cache: 7 } },
  pids: { current: 1, limit: 0 },
  blockIo: { readBytes: 8, writeBytes: 9 },
  networks: {},
  ...more,
});

test('the sample before is told with the one now, so that a client can compute the percentage', () => {
  expect(toDockerStats(sample(300), sample(100, { time: '2024-01-01T00:00:00Z' }), 'v1')).toMatchObject({
    name: '/web',
    read: '2024-01-01T00:00:01Z',
    preread: '2024-01-01T00:00:00Z',
    cpu_stats: { cpu_usage: { total_usage: 300 }, system_cpu_usage: 1000, online_cpus: 2 },
    precpu_stats: { cpu_usage: { total_usage: 100 } },
    memory_stats: { usage: 10, limit: 20, stats: { cache: 7 } },
  });
});

test('the first sample has none before it', () => {
  expect(toDockerStats(sample(300), undefined, 'v1')).toMatchObject({
    preread: '0001-01-01T00:00:00Z',
    precpu_stats: { cpu_usage: { total_usage: 0 } },
  });
});

test('a limit, a peak and networks are told where there are any', () => {
  const counters = { rxBytes: 1, rxPackets: 2, txBytes: 3, txPackets: 4, rxErrors: 5, txErrors: 6, rxDropped: 7, txDropped: 8 };
  const bare = toDockerStats(sample(1), undefined, 'v2');
  expect(bare).not.toHaveProperty('networks');
  expect(bare).not.toHaveProperty('memory_stats.max_usage');
  expect(bare).not.toHaveProperty('pids_stats.limit');
  const full = sample(1, { networks: { eth0: counters }, pids: { current: 1, limit: 9 } });
  expect(toDockerStats(full, undefined, 'v2')).toMatchObject({
    pids_stats: { limit: 9 },
    networks: { eth0: { rx_bytes: 1, tx_packets: 4, rx_errors: 5, tx_dropped: 8 } },
  });
});

test.each([
  ['v1', 'Read', []],
  ['v2', 'read', null],
] as const)('the words are those of cgroup %s', (version, word, others) => {
  expect(toDockerStats(sample(1), undefined, version)).toMatchObject({
    blkio_stats: { io_service_bytes_recursive: [{ op: word, value: 8 }, { value: 9 }], io_serviced_recursive: others },
  });
});

test('of a container that does not run everything is zero', () => {
  expect(emptyStats({ id: 'c1', name: 'web' })).toMatchObject({
    name: '/web',
    memory_stats: {},
    cpu_stats: { cpu_usage: { total_usage: 0 } },
  });
});
