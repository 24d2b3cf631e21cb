import { readdir, readFile } from 'node:fs/promises';

/** Where the kernel keeps a process: paths by v1 controller, and `''` for cgroup2, as /proc/PID/cgroup says them. */
export type CgroupPaths = ReadonlyMap<string, string>;

const cgroupRoot = '/sys/fs/cgroup';

export function parseCgroupPaths(text: string): CgroupPaths {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers !== undefined && path !== undefined) for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

/** Undefined once the process is gone. */
export async function readCgroupPaths(pid: number): Promise<CgroupPaths | undefined> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  return text === '' ? undefined : parseCgroupPaths(text);
}

/** The directory of a controller: its own hierarchy, or the one of cgroup2 where there is no other. */
export function cgroupDirectory(paths: CgroupPaths, controller: string): string {
  const own = paths.get(controller);
  return own === undefined ? `${cgroupRoot}${paths.get('') ?? ''}` : `${cgroupRoot}/${controller}${own}`;
}

/** Pids in a cgroup and in all below it; a container with cgroups of its own may have moved its processes down. */
export async function pidsBelow(directory: string): Promise<number[]> {
  const [procs, entries] = await Promise.all([
    readFile(`${directory}/cgroup.procs`, 'utf8').catch(() => ''),
    readdir(directory, { withFileTypes: true }).catch(() => []),
  ]);
  const below = await Promise.all(entries.filter((entry) => entry.isDirectory()).map(({ name }) => pidsBelow(`${directory}/${name}`)));
  return [...procs.split('\n').filter(Boolean).map(Number), ...below.flat()];
}
