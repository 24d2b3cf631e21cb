import { closeSync, constants } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { native } from '@jocker/native';
import type { OperationContext } from '../operation/operation-context.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import type { VolumeDeps } from './volume-deps.ts';

const pathOnly = 0o1000_0000;
const inRoot = 0x10;
const noMagicLinks = 0x02;
const detach = 2;

interface Filling {
  readonly source: string;
  readonly target: string;
  readonly noCopy?: boolean;
}

/**
 * A volume that never had a container, and is empty, begins with what the image has at its place. That this is under way is recorded,
 * so that a half-full volume is emptied and filled again.
 */
export async function fillVolume(
  deps: VolumeDeps,
  containerId: string,
  { source: name, target, noCopy = false }: Filling,
  snapshotter: Snapshotter,
  context: OperationContext,
): Promise<void> {
  await deps.lock.run(name, async () => {
    const { content, driver: driverName } = deps.volumes.find(name);
    if (content === 'ready') return;
    const { value: driver } = deps.drivers.volumes.byName(driverName);
    const ready = (): void => deps.state.transaction(() => deps.volumes.change(name, { content: 'ready' }));
    if (noCopy) {
      ready();
      return;
    }
    if (content === 'filling' || (await driver.isEmpty(name))) {
      deps.state.transaction(() => deps.volumes.change(name, { content: 'filling' }), { urgent: true });
      await deps.checkpoint?.('volume:filling');
      await withImageFolder(deps, containerId, target, snapshotter, async (folder) => await driver.fill(name, folder, context));
    }
    ready();
  });
}

/** The snapshot is mounted for the moment; nothing runs in it yet, so that what is pinned stays what it was. */
async function withImageFolder(
  deps: VolumeDeps,
  containerId: string,
  target: string,
  snapshotter: Snapshotter,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const mountPoint = join(deps.paths.mountRoot, `${containerId}-volume`);
  await mkdir(mountPoint, { recursive: true, mode: 0o700 });
  let root: number;
  try {
    root = openSnapshot(await snapshotter.directories(containerId), mountPoint);
  } finally {
    await rmdir(mountPoint);
  }
  try {
    const folder = openFolder(root, target);
    if (folder === undefined) return;
    try {
      await use(`/proc/${process.pid}/fd/${folder}`);
    } finally {
      closeSync(folder);
    }
  } finally {
    closeSync(root);
  }
}

function openSnapshot(directories: readonly string[], mountPoint: string): number {
  const [only] = directories;
  if (directories.length === 1 && only !== undefined) return native().openat2(-100, only, pathOnly | constants.O_DIRECTORY, 0, 0);
  native().mountOverlay(mountPoint, { lower: directories, extra: ['index=off', 'redirect_dir=off', 'metacopy=off'] });
  try {
    return native().openat2(-100, mountPoint, pathOnly | constants.O_DIRECTORY, 0, 0);
  } finally {
    native().unmount(mountPoint, detach);
  }
}

/** Undefined when the image has nothing there, or no folder. Its links are followed inside its own root. */
function openFolder(root: number, target: string): number | undefined {
  try {
    return native().openat2(root, target.replace(/^\/+/, ''), constants.O_RDONLY | constants.O_DIRECTORY, 0, inRoot | noMagicLinks);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
