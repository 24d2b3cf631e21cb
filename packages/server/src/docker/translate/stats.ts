import type { ContainerStats } from '@jocker/core';
import { zeroTime } from './timestamps.ts';

/** What Docker says of a container that does not run. */
export function emptyStats({ id, name }: { readonly id: string; readonly name: string }): object {
  return {
    id,
    name: `/${name}`,
    read: zeroTime,
    preread: zeroTime,
    pids_stats: {},
    blkio_stats: Object.fromEntries(['io_service_bytes_recursive', ...otherBlockIo].map((key) => [key, null])),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: emptyCpu,
    precpu_stats: emptyCpu,
    memory_stats: {},
  };
}

/** Docker's stats, with the sample before as `precpu_stats`: clients compute the percentage from the two. */
export function toDockerStats(stats: ContainerStats, previous: ContainerStats | undefined, version: 'v1' | 'v2'): object {
  const networks = Object.entries(stats.networks);
  return {
    id: stats.id,
    name: `/${stats.name}`,
    read: stats.time,
    preread: previous?.time ?? zeroTime,
    pids_stats: { current: stats.pids.current, ...(stats.pids.limit > 0 ? { limit: stats.pids.limit } : {}) },
    blkio_stats: {
      io_service_bytes_recursive: [
        { major: 0, minor: 0, op: version === 'v2' ? 'read' : 'Read', value: stats.blockIo.readBytes },
        { major: 0, minor: 0, op: version === 'v2' ? 'write' : 'Write', value: stats.blockIo.writeBytes },
      ],
      ...Object.fromEntries(otherBlockIo.map((name) => [name, version === 'v2' ? null : []])),
    },
    num_procs: 0,
    storage_stats: {},
    cpu_stats: toCpu(stats),
    precpu_stats: previous === undefined ? emptyCpu : toCpu(previous),
    memory_stats: {
      usage: stats.memory.usageBytes,
      ...(stats.memory.maxUsageBytes > 0 ? { max_usage: stats.memory.maxUsageBytes } : {}),
      stats: stats.memory.details,
      limit: stats.memory.limitBytes,
    },
    ...(networks.length === 0
      ? {}
      : {
          networks: Object.fromEntries(
            networks.map(([name, counters]) => [
              name,
              {
                rx_bytes: counters.rxBytes,
                rx_packets: counters.rxPackets,
                rx_errors: counters.rxErrors,
                rx_dropped: counters.rxDropped,
                tx_bytes: counters.txBytes,
                tx_packets: counters.txPackets,
                tx_errors: counters.txErrors,
                tx_dropped: counters.txDropped,
              },
            ]),
          ),
        }),
  };
}

const otherBlockIo = [
  'io_serviced_recursive',
  'io_queue_recursive',
  'io_service_time_recursive',
  'io_wait_time_recursive',
  'io_merged_recursive',
  'io_time_recursive',
  'sectors_recursive',
];

const emptyCpu = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

function toCpu({ cpu }: ContainerStats): object {
  return {
    cpu_usage: { total_usage: cpu.totalNs, usage_in_kernelmode: cpu.systemNs, usage_in_usermode: cpu.userNs },
    system_cpu_usage: cpu.systemTotalNs,
    online_cpus: cpu.onlineCpus,
    throttling_data: { periods: cpu.periods, throttled_periods: cpu.throttledPeriods, throttled_time: cpu.throttledNs },
  };
}
