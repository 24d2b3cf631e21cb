import { access, mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { mountFlags } from '@jocker/native';
import type { SpawnMount } from './spawn-mounts.ts';

export interface CgroupLayout {
  readonly version: 'v1' | 'hybrid' | 'v2';
  /** The cgroup2 mount, if there is one. */
  readonly unified: string | undefined;
  /** What a runtime that refuses hybrid hosts must see in its own mount namespace. */
  readonly hiding: readonly SpawnMount[];
}

const root = '/sys/fs/cgroup';
const bindFlag = mountFlags['bind'] ?? 0;

/** Parent of the cgroups of an engine's containers. No other engine uses it, so that the one that closes can remove it. */
export function engineCgroup(engineId: string): string {
  return `/jocker-${engineId}`;
}

/**
 * A *grand*child of the unified hierarchy has no controllers even when the root's are enabled for its children; bound over
 * the mount point it looks like a host whose cgroup2 carries nothing, while its cgroups are real.
 */
export async function readCgroupLayout(engineId: string): Promise<CgroupLayout> {
  if (await exists(`${root}/cgroup.controllers`)) return { version: 'v2', unified: root, hiding: [] };
  const unified = `${root}/unified`;
  if (!(await exists(`${unified}/cgroup.procs`))) return { version: 'v1', unified: undefined, hiding: [] };
  const empty = `${unified}${engineCgroup(engineId)}/sub`;
  return { version: 'hybrid', unified, hiding: [{ source: empty, target: unified, type: '', flags: bindFlag, data: '' }] };
}

/** Makes what `hiding` binds; a sentence when it cannot be made or does not help. */
export async function prepareHiding(layout: CgroupLayout): Promise<string | undefined> {
  for (const { source } of layout.hiding) {
    try {
      await mkdir(source, { recursive: true });
      const controllers = (await readFile(`${source}/cgroup.controllers`, 'utf8')).trim();
      if (controllers !== '') return `the cgroup ${source} has the controllers ${controllers}, so the host cannot be shown without them`;
    } catch (error) {
      return `the cgroup ${source} cannot be made (${(error as Error).message})`;
    }
  }
  return undefined;
}

/**
 * What the containers' cgroups stood in, in every hierarchy, and what an engine that was killed kept for warming up, of whatever runtime.
 * What still holds one stays.
 */
export async function removeEngineCgroups(layout: CgroupLayout, engineId: string): Promise<void> {
  const own = engineCgroup(engineId);
  const hierarchies = layout.version === 'v2' ? [root] : (await readdir(root)).map((name) => `${root}/${name}`);
  for (const path of hierarchies.map((hierarchy) => `${hierarchy}${own}`)) await removeWarmCgroups(path);
  const unified = layout.hiding.flatMap(({ source }) => [`${source}${own}`, source]);
  for (const path of [...unified, ...hierarchies.map((hierarchy) => `${hierarchy}${own}`)]) await rmdir(path).catch(() => undefined);
}

async function removeWarmCgroups(own: string): Promise<void> {
  for (const name of await readdir(own).catch((): string[] => [])) {
    if (!name.startsWith('warm-')) continue;
    for (const path of [`${own}/${name}/warm-a`, `${own}/${name}/warm-b`, `${own}/${name}`]) await rmdir(path).catch(() => undefined);
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
