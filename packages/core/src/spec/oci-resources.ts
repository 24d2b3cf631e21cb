import { stat } from 'node:fs/promises';
import { JockerError } from '../errors/jocker-error.ts';
import type { OciResources, OciThrottle } from '../oci/runtime-spec.ts';
import type { ResourceLimits } from '../container/create-request.ts';
import { parseCpuList } from './cpu-list.ts';
import { deviceNumbers } from './device-numbers.ts';
import type { HostFacts } from './spec-mutator.ts';

/** Below this a container cannot even start. */
export const minimumMemoryBytes: number = 6 * 1024 * 1024;
export const defaultPidsLimit = 2048;

const cpuPeriodUs = 100_000;

/**
 * Limits as the runtime takes them, for create and for update. Throws `invalid-argument` for limits that contradict
 * themselves or this machine, `unsupported` for a limit whose controller the machine lacks. Only what was asked for is in
 * the result; the default process limit is the caller's business.
 */
export async function toOciResources(limits: ResourceLimits, host: HostFacts): Promise<OciResources> {
  const memory = memoryOf(limits, host);
  const cpu = cpuOf(limits, host);
  const blockIO = await blockIoOf(limits, host);
  const resources: OciResources = {};
  if (Object.keys(memory).length > 0) resources.memory = memory;
  if (Object.keys(cpu).length > 0) resources.cpu = cpu;
  if (limits.pidsLimit !== undefined) {
    requireController(host, 'pids', 'pids');
    integer('pids', limits.pidsLimit, -1);
    // 0 is what older clients say for "unlimited".
    resources.pids = { limit: limits.pidsLimit === 0 ? -1 : limits.pidsLimit };
  }
  if (Object.keys(blockIO).length > 0) resources.blockIO = blockIO;
  return resources;
}

function memoryOf(limits: ResourceLimits, host: HostFacts): NonNullable<OciResources['memory']> {
  const memory: NonNullable<OciResources['memory']> = {};
  const { memoryBytes, memorySwapBytes, memoryReservationBytes, memorySwappiness } = limits;
  if (memoryBytes !== undefined) {
    requireController(host, 'memory', 'memory');
    integer('memory', memoryBytes, minimumMemoryBytes, undefined, 'bytes');
    memory.limit = memoryBytes;
  }
  if (memoryReservationBytes !== undefined) {
    requireController(host, 'memory', 'memory reservation');
    integer('memory reservation', memoryReservationBytes, minimumMemoryBytes, undefined, 'bytes');
    if (memoryBytes !== undefined && memoryReservationBytes > memoryBytes) {
      throw invalid(`memory reservation ${memoryReservationBytes} is above the memory limit ${memoryBytes}`);
    }
    memory.reservation = memoryReservationBytes;
  }
  if (memorySwapBytes !== undefined && memorySwapBytes !== -1) {
    if (memoryBytes === undefined) throw invalid('memory and swap together need a memory limit too');
    integer('memory and swap together', memorySwapBytes, memoryBytes, undefined, 'bytes (the memory limit)');
  }
  // As much swap as memory is what every engine gives; a machine that cannot count swap cannot refuse it either.
  if (memoryBytes !== undefined && host.cgroup.swapLimit === true) memory.swap = memorySwapBytes ?? memoryBytes * 2;
  if (memorySwappiness !== undefined && memorySwappiness !== -1) {
    integer('memory swappiness', memorySwappiness, 0, 100);
    if (host.cgroup.version !== 'v2') memory.swappiness = memorySwappiness;
  }
  if (limits.oomKillDisable === true && host.cgroup.version !== 'v2') {
    if (memoryBytes === undefined) throw invalid('the OOM killer is switched off only for a container with a memory limit');
    memory.disableOOMKiller = true;
  }
  return memory;
}

function cpuOf(limits: ResourceLimits, host: HostFacts): NonNullable<OciResources['cpu']> {
  const cpu: NonNullable<OciResources['cpu']> = {};
  if (limits.nanoCpus !== undefined) {
    requireController(host, 'cpu', 'cpus');
    if (limits.cpuPeriodUs !== undefined || limits.cpuQuotaUs !== undefined) {
      throw invalid('cpus and a cpu period or quota are two ways to say the same; give one of them');
    }
    if (!(limits.nanoCpus >= 1e7 && limits.nanoCpus <= host.cpuCount * 1e9)) {
      throw invalid(`cpus ${limits.nanoCpus / 1e9} is not between 0.01 and ${host.cpuCount}, which is what this machine has`);
    }
    cpu.period = cpuPeriodUs;
    cpu.quota = Math.round((limits.nanoCpus * cpuPeriodUs) / 1e9);
  }
  if (limits.cpuPeriodUs !== undefined) cpu.period = integer('cpu period', limits.cpuPeriodUs, 1000, 1_000_000, 'µs');
  if (limits.cpuQuotaUs !== undefined) {
    cpu.quota = limits.cpuQuotaUs === -1 ? -1 : integer('cpu quota', limits.cpuQuotaUs, 1000, undefined, 'µs');
  }
  if (limits.cpuShares !== undefined) cpu.shares = integer('cpu shares', limits.cpuShares, 2, 262_144);
  if (cpu.period !== undefined || cpu.quota !== undefined || cpu.shares !== undefined) requireController(host, 'cpu', 'cpu');
  if (limits.cpusetCpus !== undefined) cpu.cpus = cpuset('cpus', limits.cpusetCpus, host);
  if (limits.cpusetMems !== undefined) cpu.mems = cpuset('mems', limits.cpusetMems, host);
  return cpu;
}

function cpuset(name: 'cpus' | 'mems', text: string, host: HostFacts): string {
  requireController(host, 'cpuset', `cpuset ${name}`);
  const numbers = parseCpuList(text);
  if (numbers === undefined) throw invalid(`cpuset ${name} "${text}" is not a list such as 0-2,4`);
  const beyond = numbers.find((number) => name === 'cpus' && number >= host.cpuCount);
  if (beyond !== undefined) throw invalid(`cpuset cpus "${text}" asks for CPU ${beyond}, this machine has 0-${host.cpuCount - 1}`);
  return text;
}

async function blockIoOf(limits: ResourceLimits, host: HostFacts): Promise<NonNullable<OciResources['blockIO']>> {
  const blockIO: NonNullable<OciResources['blockIO']> = {};
  if (limits.blkioWeight !== undefined) {
    integer('blkio weight', limits.blkioWeight, 10, 1000);
    if (host.cgroup.blkioWeight !== true) throw unsupported('blkio weight', 'weights for block I/O');
    blockIO.weight = limits.blkioWeight;
  }
  const throttles = [
    ['throttleReadBpsDevice', limits.blkioDeviceReadBps],
    ['throttleWriteBpsDevice', limits.blkioDeviceWriteBps],
    ['throttleReadIOPSDevice', limits.blkioDeviceReadIops],
    ['throttleWriteIOPSDevice', limits.blkioDeviceWriteIops],
  ] as const;
  for (const [key, devices] of throttles) {
    if (devices === undefined || devices.length === 0) continue;
    requireController(host, 'blkio', 'blkio throttle');
    blockIO[key] = await Promise.all(devices.map(throttleOf));
  }
  return blockIO;
}

async function throttleOf({ path, rate }: { readonly path: string; readonly rate: number }): Promise<OciThrottle> {
  integer(`blkio rate of ${path}`, rate, 0);
  const found = await stat(path).catch((cause: unknown) => {
    throw new JockerError('invalid-argument', `blkio device ${path} does not exist`, { cause });
  });
  if (!found.isBlockDevice()) throw invalid(`blkio device ${path} is not a block device`);
  return { ...deviceNumbers(found.rdev), rate };
}

function integer(what: string, value: number, least: number, most: number = Number.MAX_SAFE_INTEGER, unit = ''): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `below the minimum of ${least}` : `not between ${least} and ${most}`;
  throw invalid(`${what} ${value} is ${range}${unit === '' ? '' : ` ${unit}`}`);
}

function requireController(host: HostFacts, controller: string, what: string): void {
  if (!host.cgroup.controllers.includes(controller)) throw unsupported(what, `cgroup controller ${controller}`);
}

function unsupported(what: string, lacking: string): JockerError {
  return new JockerError('unsupported', `${what} cannot be limited: this machine has no ${lacking}`);
}

function invalid(message: string): JockerError {
  return new JockerError('invalid-argument', message);
}
