import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deviceNumbers } from './device-numbers.ts';
import { parseCpuList } from './cpu-list.ts';
import { readHostFacts } from './host-facts.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jocker-facts-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function kernel(files: Readonly<Record<string, string>>): Promise<{ proc: string; sys: string }> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return { proc: join(folder, 'proc'), sys: join(folder, 'sys') };
}

describe('host facts', () => {
  test('of this machine are plausible', async () => {
    const facts = await readHostFacts();
    expect(facts.cpuCount).toBeGreaterThan(0);
    expect(facts.capabilities).toContain('CAP_CHOWN');
    expect(facts.rlimits['RLIMIT_NOFILE']).toBeGreaterThan(0);
    expect(facts.cgroup.controllers.length).toBeGreaterThan(0);
  });

  test('capabilities, limits and the OOM score are those of the process', async () => {
    const facts = await readHostFacts(
      await kernel({
        'proc/self/status': 'Name:\tnode\nCapBnd:\t0000000000000003\nSeccomp:\t0\n',
        'proc/self/limits': [
          'Limit                     Soft Limit           Hard Limit           Units     ',
          'Max open files            1024                 20000                files     ',
          'Max core file size        0                    unlimited            bytes     ',
        ].join('\n'),
        'proc/self/oom_score_adj': '200\n',
        'sys/module/apparmor/parameters/enabled': 'Y\n',
        'sys/devices/system/cpu/online': '0-2,5\n',
        'sys/devices/system/cpu/cpu5/thermal_throttle/count': '0',
      }),
    );
    expect(facts).toMatchObject({
      capabilities: ['CAP_CHOWN', 'CAP_DAC_OVERRIDE'],
      rlimits: { RLIMIT_NOFILE: 20_000, RLIMIT_CORE: -1 },
      oomScoreAdj: 200,
      apparmor: true,
      seccomp: true,
      cpuCount: 4,
      thermalThrottlePaths: ['/sys/devices/system/cpu/cpu5/thermal_throttle'],
    });
  });

  test('cgroups are v2, hybrid or v1 by what is mounted', async () => {
    const controllers = { 'sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n' };
    const v2 = await readHostFacts(await kernel({ ...controllers, 'sys/fs/cgroup/system.slice/memory.swap.max': 'max' }));
    expect(v2.cgroup).toEqual({
      version: 'v2',
      controllers: ['blkio', 'cpu', 'cpuset', 'memory', 'pids'],
      swapLimit: true,
      blkioWeight: false,
    });
    await rm(join(folder, 'sys'), { recursive: true });
    const v1 = await readHostFacts(await kernel({ 'sys/fs/cgroup/memory/tasks': '', 'sys/fs/cgroup/pids/tasks': '' }));
    expect(v1.cgroup).toEqual({ version: 'v1', controllers: ['memory', 'pids'], swapLimit: false, blkioWeight: false });
    const hybrid = await readHostFacts(await kernel({ 'sys/fs/cgroup/unified/cgroup.procs': '' }));
    expect(hybrid.cgroup.version).toBe('hybrid');
  });
});

test('device numbers are unpacked as the C library packs them', () => {
  expect(deviceNumbers(0x0103)).toEqual({ major: 1, minor: 3 });
  expect(deviceNumbers(8 * 256 + 0x10_0000 * 1 + 5)).toEqual({ major: 8, minor: 261 });
  expect(deviceNumbers(0x0000_1000_0010_0001)).toEqual({ major: 0x1000, minor: 257 });
});

test('lists of CPUs', () => {
  expect(parseCpuList('3,0-1')).toEqual([0, 1, 3]);
  expect(['', 'x', '2-1', '1,', '0-99999'].map(parseCpuList)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});
