import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupDirectory, parseCgroupPaths, type BundleLocation, type CgroupPaths, type RuntimeStatus } from '@jocker/core';
import { bundleFiles } from '../conmon/bundle-files.ts';
import type { CgroupLayout } from './cgroup-layout.ts';

/** The main process as the kernel shows it; undefined when it has ended or its pid belongs to somebody else by now. */
export interface ContainerProcess {
  readonly pid: number;
  readonly cgroups: CgroupPaths;
}

/** A live pid proves nothing; a pid whose cgroup carries the container's id does. */
export async function readContainerProcess(id: string, location: BundleLocation): Promise<ContainerProcess | undefined> {
  const pid = Number(await readText(bundleFiles(location.directory).containerPid));
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const [text, state] = await Promise.all([readText(`/proc/${pid}/cgroup`), readText(`/proc/${pid}/stat`)]);
  const ended = /^\d+ \(.*\) [ZX] /s.test(state) || state === '';
  if (ended || !text.includes(id)) return undefined;
  return { pid, cgroups: parseCgroupPaths(text) };
}

/** conmon is there as long as the container's exit has not been written down. */
export async function monitorIsAlive(id: string, location: BundleLocation): Promise<boolean> {
  const pid = Number(await readText(bundleFiles(location.directory).monitorPid));
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  return (await readText(`/proc/${pid}/cmdline`)).includes(`\0${id}\0`);
}

/** Of a live process. Both runtimes keep `exec.fifo` in their state until the start. */
export async function statusOf(stateDirectory: string, { cgroups }: ContainerProcess): Promise<RuntimeStatus> {
  if (await exists(join(stateDirectory, 'exec.fifo'))) return 'created';
  const directory = cgroupDirectory(cgroups, 'freezer');
  const frozen = cgroups.has('freezer')
    ? (await readText(`${directory}/freezer.state`)).startsWith('FRO')
    : /^frozen 1$/m.test(await readText(`${directory}/cgroup.events`));
  return frozen ? 'paused' : 'running';
}

/** A cgroup counts what the kernel killed, even if the monitor was too late to hear of it. */
export async function wasKilledForMemory(location: BundleLocation, cgroupPath: string, layout: CgroupLayout): Promise<boolean> {
  if (await exists(bundleFiles(location.directory).oom)) return true;
  const file = layout.version === 'v2' ? `${cgroupPath}/memory.events` : `/memory${cgroupPath}/memory.oom_control`;
  return /^oom_kill [1-9]/m.test(await readText(`/sys/fs/cgroup${file}`));
}

async function readText(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
