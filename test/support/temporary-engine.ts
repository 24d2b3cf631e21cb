import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, type Engine, type EngineOptions, type EngineTrial } from '@jocker/core';
import { builtins } from '@jocker/plugins';

/** A data root and a run root of a test's own, and engines on them, one after the other. */
export interface EnginePlace {
  readonly directory: string;
  open(more?: Partial<EngineOptions>, trial?: EngineTrial): Promise<Engine>;
  /** Whatever containers left behind: processes, mounts, cgroups, folders. Waits for monitors that are about to end. */
  traces(containerIds: readonly string[]): Promise<readonly string[]>;
  remove(): Promise<void>;
}

export async function createEnginePlace(): Promise<EnginePlace> {
  return placeIn(await mkdtemp(join(tmpdir(), 'jocker-engine-')));
}

export function placeIn(directory: string): EnginePlace {
  return {
    directory,
    open: async (more = {}, trial = {}) =>
      createEngine({ dataRoot: join(directory, 'data'), runRoot: join(directory, 'run'), plugins: builtins(), ...more }, trial),
    async traces(containerIds) {
      const deadline = Date.now() + 10_000;
      for (;;) {
        const found = (await Promise.all([processesOf(directory), mountsBelow(directory), namedAfter(containerIds, directory)])).flat();
        if (found.length === 0 || Date.now() > deadline) return found;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Monitors carry the bundle's path in their arguments. */
async function processesOf(directory: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const lines = await Promise.all(
    pids.map(async (pid) => [pid, await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')] as const),
  );
  return lines.filter(([, line]) => line.includes(directory)).map(([pid, line]) => `process ${pid} ${line.replaceAll('\0', ' ')}`);
}

async function mountsBelow(directory: string): Promise<string[]> {
  return (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(directory));
}

async function namedAfter(containerIds: readonly string[], directory: string): Promise<string[]> {
  if (containerIds.length === 0) return [];
  const below = async (path: string, depth: number): Promise<string[]> => {
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    const inside = await Promise.all(
      entries.filter((entry) => entry.isDirectory() && depth > 1).map((entry) => below(join(path, entry.name), depth - 1)),
    );
    const named = entries.filter((entry) => containerIds.some((id) => entry.name.includes(id))).map((entry) => join(path, entry.name));
    return [...named, ...inside.flat()];
  };
  return (await Promise.all([below(directory, 4), below('/sys/fs/cgroup', 5)])).flat();
}
