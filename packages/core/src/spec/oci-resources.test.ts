import { describe, expect, test } from 'vitest';
import type { ResourceLimits } from '../container/create-request.ts';
import { toOciResources } from './oci-resources.ts';
import type { HostFacts } from './spec-mutator.ts';

const mebibyte = 1024 * 1024;
const host: HostFacts = {
  cgroup: { version: 'v1', controllers: ['blkio', 'cpu', 'cpuset', 'memory', 'pids'], swapLimit: true, blkioWeight: true },
  capabilities: [],
  rlimits: {},
  cpuCount: 4,
  memoryBytes: 8 * 1024 * mebibyte,
  kernelRelease: '6.1.0',
  apparmor: false,
  seccomp: true,
};

describe('limits', () => {
  test('none asked for is none given', async () => {
    expect(await toOciResources({}, host)).toEqual({});
  });

  test.each<[ResourceLimits, object]>([
    [{ memoryBytes: 64 * mebibyte }, { memory: { limit: 64 * mebibyte, swap: 128 * mebibyte } }],
    [{ memoryBytes: 64 * mebibyte, memorySwapBytes: -1 }, { memory: { limit: 64 * mebibyte, swap: -1 } }],
    [{ memoryBytes: 64 * mebibyte, memorySwapBytes: 64 * mebibyte }, { memory: { limit: 64 * mebibyte, swap: 64 * mebibyte } }],
    [{ memoryReservationBytes: 32 * mebibyte }, { memory: { reservation: 32 * mebibyte } }],
    [{ memorySwappiness: 0 }, { memory: { swappiness: 0 } }],
    [{ nanoCpus: 1.5e9 }, { cpu: { period: 100_000, quota: 150_000 } }],
    [{ cpuQuotaUs: 20_000 }, { cpu: { quota: 20_000 } }],
    [{ cpuShares: 512, cpusetCpus: '0-1,3', cpusetMems: '0' }, { cpu: { shares: 512, cpus: '0-1,3', mems: '0' } }],
    [{ pidsLimit: 10 }, { pids: { limit: 10 } }],
    [{ pidsLimit: -1 }, { pids: { limit: -1 } }],
    [{ pidsLimit: 0 }, { pids: { limit: -1 } }],
    [{ blkioWeight: 300 }, { blockIO: { weight: 300 } }],
  ])('%j', async (limits, expected) => {
    expect(await toOciResources(limits, host)).toEqual(expected);
  });

  test.each<[ResourceLimits, string]>([
    [{ memoryBytes: 4 * mebibyte }, 'memory 4194304 is below the minimum of 6291456 bytes'],
    [{ memoryBytes: Number.NaN }, 'memory NaN'],
    [{ memorySwapBytes: 64 * mebibyte }, 'need a memory limit too'],
    [{ memoryBytes: 64 * mebibyte, memorySwapBytes: 32 * mebibyte }, 'below the minimum of 67108864'],
    [{ memoryBytes: 64 * mebibyte, memoryReservationBytes: 65 * mebibyte }, 'above the memory limit'],
    [{ memorySwappiness: 101 }, 'not between 0 and 100'],
    [{ oomKillDisable: true }, 'only for a container with a memory limit'],
    [{ nanoCpus: 5e9 }, 'cpus 5 is not between 0.01 and 4'],
    [{ nanoCpus: 1e9, cpuQuotaUs: 1000 }, 'two ways to say the same'],
    [{ cpuQuotaUs: 10 }, 'cpu quota 10 is below the minimum of 1000'],
    [{ cpuPeriodUs: 1 }, 'not between 1000 and 1000000'],
    [{ cpusetCpus: '0-9' }, 'asks for CPU 4, this machine has 0-3'],
    [{ cpusetCpus: 'all' }, 'is not a list such as'],
    [{ pidsLimit: 1.5 }, 'pids 1.5'],
    [{ blkioWeight: 5 }, 'not between 10 and 1000'],
    [{ blkioDeviceReadBps: [{ path: '/dev/null', rate: 1 }] }, 'is not a block device'],
    [{ blkioDeviceReadBps: [{ path: '/dev/not-there', rate: 1 }] }, 'does not exist'],
  ])('%j is refused', async (limits, message) => {
    await expect(toOciResources(limits, host)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message),
    });
  });

  test('a limit that this machine cannot keep is unsupported, not ignored', async () => {
    const bare: HostFacts = { ...host, cgroup: { version: 'v2', controllers: [] } };
    for (const limits of [{ memoryBytes: 64 * mebibyte }, { nanoCpus: 1e9 }, { pidsLimit: 5 }, { cpusetCpus: '0' }, { blkioWeight: 100 }]) {
      await expect(toOciResources(limits, bare)).rejects.toMatchObject({ code: 'unsupported' });
    }
  });

  test('on cgroup v2 there is no swappiness, and swap only where it can be counted', async () => {
    const v2: HostFacts = { ...host, cgroup: { version: 'v2', controllers: ['memory'] } };
    expect(await toOciResources({ memoryBytes: 64 * mebibyte, memorySwappiness: 10 }, v2)).toEqual({ memory: { limit: 64 * mebibyte } });
  });
});
