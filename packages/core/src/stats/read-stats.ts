import { readFile, readlink } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { ContainerStats } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import { cgroupDirectory, readCgroupPaths, type CgroupPaths } from './cgroup-paths.ts';

export interface StatsTarget {
  readonly id: string;
  readonly name: string;
  /** The main process, in the host's numbers. */
  readonly pid: number;
}

const nsPerTick = 10_000_000;
const nsPerUs = 1000;

/** What the kernel counts for a running container; `percent` is for who has an earlier sample. Throws `failed-precondition`. */
export async function readStats(target: StatsTarget): Promise<ContainerStats> {
  const paths = target.pid > 0 ? await readCgroupPaths(target.pid) : undefined;
  if (paths === undefined) {
    throw new JockerError('failed-precondition', `container ${target.name} is not running`, { details: { reason: 'not-running' } });
  }
  const [counters, systemTotalNs, networks] = await Promise.all([
    paths.has('memory') ? readVersion1(paths) : readVersion2(paths),
    readSystemTotalNs(),
    readNetworks(target.pid),
  ]);
  return {
    id: target.id,
    name: target.name,
    time: new Date().toISOString(),
    ...counters,
    cpu: { ...counters.cpu, systemTotalNs, onlineCpus: availableParallelism(), percent: null },
    networks,
  };
}

/** Docker's formula: the share of all the time of all CPUs, times their number. */
export function cpuPercent(earlier: ContainerStats, later: ContainerStats): number | null {
  const systemNs = later.cpu.systemTotalNs - earlier.cpu.systemTotalNs;
  if (systemNs <= 0) return null;
  return Math.max(0, ((later.cpu.totalNs - earlier.cpu.totalNs) / systemNs) * later.cpu.onlineCpus * 100);
}

type Counters = Pick<ContainerStats, 'memory' | 'pids' | 'blockIo'> & {
  readonly cpu: Omit<ContainerStats['cpu'], 'systemTotalNs' | 'onlineCpus' | 'percent'>;
};

async function readVersion1(paths: CgroupPaths): Promise<Counters> {
  const memory = cgroupDirectory(paths, 'memory');
  const cpuacct = cgroupDirectory(paths, 'cpuacct');
  const pids = cgroupDirectory(paths, 'pids');
  const [usage, maxUsage, limit, memoryStat, total, user, system, cpuStat, current, pidsLimit, io] = await Promise.all([
    readNumber(`${memory}/memory.usage_in_bytes`),
    readNumber(`${memory}/memory.max_usage_in_bytes`),
    readNumber(`${memory}/memory.limit_in_bytes`),
    readTable(`${memory}/memory.stat`),
    readNumber(`${cpuacct}/cpuacct.usage`),
    readNumber(`${cpuacct}/cpuacct.usage_user`),
    readNumber(`${cpuacct}/cpuacct.usage_sys`),
    readTable(`${cgroupDirectory(paths, 'cpu')}/cpu.stat`),
    readNumber(`${pids}/pids.current`),
    readNumber(`${pids}/pids.max`),
    readText(`${cgroupDirectory(paths, 'blkio')}/blkio.throttle.io_service_bytes_recursive`),
  ]);
  return {
    cpu: {
      totalNs: total,
      userNs: user,
      systemNs: system,
      periods: cpuStat['nr_periods'] ?? 0,
      throttledPeriods: cpuStat['nr_throttled'] ?? 0,
      throttledNs: cpuStat['throttled_time'] ?? 0,
    },
    memory: {
      usageBytes: usage,
      limitBytes: memoryLimit(limit),
      inactiveFileBytes: memoryStat['total_inactive_file'] ?? 0,
      maxUsageBytes: maxUsage,
      details: memoryStat,
    },
    pids: { current, limit: pidsLimit },
    blockIo: { readBytes: sum(io, /^\d+:\d+ Read (\d+)$/gm), writeBytes: sum(io, /^\d+:\d+ Write (\d+)$/gm) },
  };
}

async function readVersion2(paths: CgroupPaths): Promise<Counters> {
  const directory = cgroupDirectory(paths, 'memory');
  const [usage, maxUsage, limit, memoryStat, cpuStat, current, pidsLimit, io] = await Promise.all([
    readNumber(`${directory}/memory.current`),
    readNumber(`${directory}/memory.peak`),
    readNumber(`${directory}/memory.max`),
    readTable(`${directory}/memory.stat`),
    readTable(`${directory}/cpu.stat`),
    readNumber(`${directory}/pids.current`),
    readNumber(`${directory}/pids.max`),
    readText(`${directory}/io.stat`),
  ]);
  return {
    cpu: {
      totalNs: (cpuStat['usage_usec'] ?? 0) * nsPerUs,
      userNs: (cpuStat['user_usec'] ?? 0) * nsPerUs,
      systemNs: (cpuStat['system_usec'] ?? 0) * nsPerUs,
      periods: cpuStat['nr_periods'] ?? 0,
      throttledPeriods: cpuStat['nr_throttled'] ?? 0,
      throttledNs: (cpuStat['throttled_usec'] ?? 0) * nsPerUs,
    },
    memory: {
      usageBytes: usage,
      limitBytes: memoryLimit(limit),
      inactiveFileBytes: memoryStat['inactive_file'] ?? 0,
      maxUsageBytes: maxUsage,
      details: memoryStat,
    },
    pids: { current, limit: pidsLimit },
    blockIo: { readBytes: sum(io, /\brbytes=(\d+)/g), writeBytes: sum(io, /\bwbytes=(\d+)/g) },
  };
}

/** Without a limit the machine itself is the limit. */
function memoryLimit(limit: number): number {
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

async function readSystemTotalNs(): Promise<number> {
  const [first = ''] = (await readText('/proc/stat')).split('\n', 1);
  // user to steal; guest time is in user already.
  const ticks = first.trim().split(/\s+/).slice(1, 9).map(Number);
  return ticks.reduce((total, value) => total + value, 0) * nsPerTick;
}

/** Nothing for a container in the host's network: those are not its bytes. */
async function readNetworks(pid: number): Promise<ContainerStats['networks']> {
  const [own, host] = await Promise.all([readlink(`/proc/${pid}/ns/net`).catch(() => ''), readlink('/proc/self/ns/net')]);
  if (own === '' || own === host) return {};
  const networks: Record<string, ContainerStats['networks'][string]> = {};
  for (const line of (await readText(`/proc/${pid}/net/dev`)).split('\n')) {
    const [, name, counters] = /^\s*([^\s:]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || counters === undefined || name === 'lo') continue;
    const value = counters.trim().split(/\s+/).map(Number);
    networks[name] = {
      rxBytes: value[0] ?? 0,
      rxPackets: value[1] ?? 0,
      rxErrors: value[2] ?? 0,
      rxDropped: value[3] ?? 0,
      txBytes: value[8] ?? 0,
      txPackets: value[9] ?? 0,
      txErrors: value[10] ?? 0,
      txDropped: value[11] ?? 0,
    };
  }
  return networks;
}

/** What is not there, or is `max`, counts as 0. */
async function readNumber(path: string): Promise<number> {
  const value = Number(await readText(path));
  return Number.isFinite(value) ? value : 0;
}

async function readTable(path: string): Promise<Record<string, number>> {
  const table: Record<string, number> = {};
  for (const match of (await readText(path)).matchAll(/^(\w+) (\d+)$/gm)) table[match[1] ?? ''] = Number(match[2]);
  return table;
}

async function readText(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}

function sum(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
}
