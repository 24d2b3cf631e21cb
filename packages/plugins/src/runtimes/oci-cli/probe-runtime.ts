import { access, constants } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Usability } from '@jocker/core';
import { prepareHiding, readCgroupLayout } from './cgroup-layout.ts';
import { runCommand } from './run-command.ts';
import type { RuntimeCommandLine } from './runtime-command-line.ts';

const searchPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Absolute path of a program, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  const candidates = isAbsolute(name) ? [name] : searchPath.map((directory) => join(directory, name));
  for (const candidate of candidates) {
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return candidate;
  }
  return undefined;
}

export async function readVersion(program: string): Promise<string> {
  const { stdout } = await runCommand({ file: program, args: ['--version'] });
  return /version:? v?(\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

/** One sentence about the first thing that is missing. */
export async function probeRuntime(
  commandLine: RuntimeCommandLine,
  paths: { readonly runtime: string; readonly conmon: string; readonly engineId: string },
): Promise<Usability> {
  const no = (reason: string): Usability => ({ usable: false, reason });
  if (process.platform !== 'linux') return no(`${commandLine.name} needs Linux and this is ${process.platform}`);
  if (process.geteuid?.() !== 0) return no(`${commandLine.name} needs root, and this process runs as user ${process.geteuid?.()}`);
  const runtime = await findProgram(paths.runtime);
  if (runtime === undefined) return no(`${paths.runtime} is not installed; install it with: apt-get install ${commandLine.debianPackage}`);
  const conmon = await findProgram(paths.conmon);
  if (conmon === undefined) return no(`${paths.conmon} is not installed; install it with: apt-get install conmon`);
  const layout = await readCgroupLayout(paths.engineId);
  const obstacle = commandLine.refusesHybridCgroups ? await prepareHiding(layout) : undefined;
  if (obstacle !== undefined) return no(`${commandLine.name} refuses hosts with hybrid cgroups, and ${obstacle}`);
  return {
    usable: true,
    detail: `${commandLine.name} ${await readVersion(runtime)}, conmon ${await readVersion(conmon)}, cgroups ${layout.version}`,
  };
}
