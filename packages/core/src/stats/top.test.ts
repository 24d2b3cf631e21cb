import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { parseCgroupPaths, cgroupDirectory } from './cgroup-paths.ts';
import { parsePsArguments } from './ps-arguments.ts';
import { readProcesses } from './process-table.ts';
import { cpuPercent, readStats } from './read-stats.ts';
import { top } from './top.ts';

const titles = (text: string): string[] => parsePsArguments(text).map(({ title }) => title);

describe('arguments of ps', () => {
  test.each([
    ['-ef', 'UID PID PPID C STIME TTY TIME CMD'],
    ['-e -f', 'UID PID PPID C STIME TTY TIME CMD'],
    ['aux', 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND'],
    ['-aux', 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND'],
    ['ax', 'PID TTY TIME CMD'],
    ['-o pid,ppid,comm', 'PID PPID COMMAND'],
    ['-eo pid,args', 'PID COMMAND'],
    ['-o pid -o user', 'PID USER'],
    ['axo pid,etime,nlwp', 'PID ELAPSED NLWP'],
    ['-o pid=Number', 'Number'],
    ['-el', 'S UID PID PPID C PRI NI VSZ TTY TIME CMD'],
  ])('%s give the columns %s', (text, expected) => {
    expect(titles(text).join(' ')).toBe(expected);
  });

  test.each(['-p 1', '--forest', '-o nonsense', '-o', '-', 'q'])('%s are refused', (text) => {
    expect(() => parsePsArguments(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});

describe('the process table', () => {
  test('has what a process is and was called with, control characters taken out', async () => {
    const child = spawn('/bin/sh', ['-c', 'read line', 'na\u001bme'], { stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      const [row] = await readProcesses([child.pid ?? 0, 4_194_305]);
      expect(row).toMatchObject({
        pid: child.pid,
        parentPid: process.pid,
        uid: process.getuid?.(),
        commandLine: '/bin/sh -c read line na?me',
      });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  test('of a container that does not run is refused', async () => {
    await expect(top({ id: 'c', name: 'web', pid: 0 })).rejects.toMatchObject({ code: 'failed-precondition' });
    await expect(readStats({ id: 'c', name: 'web', pid: 4_194_305 })).rejects.toMatchObject({ code: 'failed-precondition' });
  });
});

describe('cgroups', () => {
  test('of version 1 have a directory for each controller', () => {
    const paths = parseCgroupPaths('5:cpu,cpuacct:/jocker/a\n4:memory:/jocker/a\n1:name=systemd:/\n0::/x\n');
    expect(cgroupDirectory(paths, 'cpuacct')).toBe('/sys/fs/cgroup/cpuacct/jocker/a');
    expect(cgroupDirectory(paths, 'memory')).toBe('/sys/fs/cgroup/memory/jocker/a');
  });

  test('of version 2 have one for all', () => {
    const paths = parseCgroupPaths('0::/jocker/a\n');
    expect(cgroupDirectory(paths, 'memory')).toBe('/sys/fs/cgroup/jocker/a');
  });
});

test('counters of a live process add up, and a share needs time between two samples', async () => {
  const earlier = await readStats({ id: 'c', name: 'web', pid: process.pid });
  expect(earlier).toMatchObject({ id: 'c', name: 'web', networks: {} });
  expect(earlier.cpu.systemTotalNs).toBeGreaterThan(0);
  expect(earlier.memory.limitBytes).toBeGreaterThan(0);
  expect(cpuPercent(earlier, earlier)).toBeNull();
  const later = {
    ...earlier,
    cpu: { ...earlier.cpu, totalNs: earlier.cpu.totalNs + 5e8, systemTotalNs: earlier.cpu.systemTotalNs + 2e9, onlineCpus: 2 },
  };
  expect(cpuPercent(earlier, later)).toBe(50);
});
