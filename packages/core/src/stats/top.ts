import { readFile } from 'node:fs/promises';
import type { ContainerApi } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import { parsePsArguments } from './ps-arguments.ts';
import { readProcesses } from './process-table.ts';
import { cgroupDirectory, pidsBelow, readCgroupPaths } from './cgroup-paths.ts';
import type { StatsTarget } from './read-stats.ts';

/** Processes of a container, execs among them, with the host's pids. Nothing runs in the container for it. */
export async function top(target: StatsTarget, psArgs = '-ef'): ReturnType<ContainerApi['top']> {
  const columns = parsePsArguments(psArgs === '' ? '-ef' : psArgs);
  const paths = target.pid > 0 ? await readCgroupPaths(target.pid) : undefined;
  if (paths === undefined) {
    throw new JockerError('failed-precondition', `container ${target.name} is not running`, { details: { reason: 'not-running' } });
  }
  const [pids, users, groups] = await Promise.all([
    pidsBelow(cgroupDirectory(paths, paths.has('pids') ? 'pids' : 'memory')),
    readNames('/etc/passwd'),
    readNames('/etc/group'),
  ]);
  const host = {
    nowMs: Date.now(),
    userName: (uid: number) => users.get(uid) ?? String(uid),
    groupName: (gid: number) => groups.get(gid) ?? String(gid),
  };
  const rows = await readProcesses(pids);
  return { titles: columns.map(({ title }) => title), processes: rows.map((row) => columns.map((column) => column.value(row, host))) };
}

/** The host's own names, as its ps would show them. */
async function readNames(path: string): Promise<ReadonlyMap<number, string>> {
  const names = new Map<number, string>();
  for (const match of (await readFile(path, 'utf8').catch(() => '')).matchAll(/^([^:\n]+):[^:\n]*:(\d+):/gm)) {
    const id = Number(match[2]);
    if (!names.has(id)) names.set(id, match[1] ?? '');
  }
  return names;
}
