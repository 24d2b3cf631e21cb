import { randomBytes } from 'node:crypto';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { native } from '@jocker/native';
import { mountCalls } from '../snapshot/mount-calls.ts';
import type { ContainerDeps } from './container-deps.ts';
import { isAlive } from './container-state.ts';
import { currentRecord } from './current-record.ts';

/** What a container sees as `/`, as a folder of this process. Its content is hostile: paths in it are resolved step by step. */
export interface ContainerRoot {
  readonly path: string;
}

export type RootAccess = 'read' | 'write';

const detach = 2;
const readOnly = 1;

/**
 * Runs `work` on the root file system of a container. A running one is seen through its process, with its mounts; of a
 * stopped one the layers are put together for as long as `work` takes. Writing into a stopped one keeps it from being
 * started meanwhile: an overlay must not be mounted twice with one upper folder.
 */
export async function withContainerRoot<T>(
  deps: ContainerDeps,
  id: string,
  access: RootAccess,
  work: (root: ContainerRoot) => Promise<T>,
): Promise<T> {
  const { status, pid } = currentRecord(deps.store, id);
  if (isAlive(status)) return await work({ path: `/proc/${pid}/root` });
  if (access === 'read') return await withMerged(deps, id, work);
  return await deps.lock.run(id, async () => {
    const record = currentRecord(deps.store, id);
    if (isAlive(record.status)) return await work({ path: `/proc/${record.pid}/root` });
    const snapshotter = deps.drivers.snapshotters.byName(record.snapshotter).value;
    const mounts = await snapshotter.mounts(id);
    const [only] = mounts;
    if (mounts.length === 1 && only?.type === 'bind') return await work({ path: only.source });
    return await withMountPoint(deps, id, work, (target) => {
      for (const call of mountCalls(mounts, target)) native().mount(call.source, call.target, call.type, call.flags, call.data);
    });
  });
}

/** All folders as read-only layers: the upper one may be another mount's at the same time. */
async function withMerged<T>(deps: ContainerDeps, id: string, work: (root: ContainerRoot) => Promise<T>): Promise<T> {
  const record = currentRecord(deps.store, id);
  const directories = await deps.drivers.snapshotters.byName(record.snapshotter).value.directories(id);
  const [only] = directories;
  if (directories.length === 1 && only !== undefined) return await work({ path: only });
  return await withMountPoint(deps, id, work, (target) => {
    const options = ['index=off', 'redirect_dir=off', 'metacopy=off'];
    try {
      native().mountOverlay(target, { lower: directories, extra: options });
    } catch {
      // Before Linux 6.7 layers can only be given as text, which has a limit.
      native().mount('overlay', target, 'overlay', readOnly, [`lowerdir=${directories.join(':')}`, ...options].join(','));
    }
  });
}

/** The folder is named after the container and made before the mount, so that the next engine finds what this one left. */
async function withMountPoint<T>(
  deps: ContainerDeps,
  id: string,
  work: (root: ContainerRoot) => Promise<T>,
  mount: (target: string) => void,
): Promise<T> {
  const target = join(deps.paths.mountRoot, `${id}-${randomBytes(4).toString('hex')}`);
  await mkdir(target, { recursive: true, mode: 0o700 });
  try {
    mount(target);
    try {
      return await work({ path: target });
    } finally {
      native().unmount(target, detach);
    }
  } finally {
    await rmdir(target);
  }
}
