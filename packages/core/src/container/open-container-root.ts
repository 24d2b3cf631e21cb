import { randomBytes } from 'node:crypto';
import { close, constants } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { native } from '@jocker/native';
import { JockerError } from '../errors/jocker-error.ts';
import { mountCalls } from '../snapshot/mount-calls.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';
import { isAlive } from './container-state.ts';
import { currentRecord } from './current-record.ts';
import type { ContainerRoot, RootAccess } from './files/container-root.ts';

const closeDescriptor = promisify(close);
const detach = 2;
const readOnly = 1;
/** O_PATH, which Node does not name. */
const pathOnly = 0o1000_0000;
const currentDirectory = -100;

/**
 * The root of a running container is seen through its process, with its mounts; the layers of a stopped one are put
 * together for the moment. Writing into a stopped one keeps it from being started meanwhile, since an overlay must not be
 * mounted twice with one upper folder.
 */
export async function openContainerRoot(deps: ContainerDeps, reference: string, access: RootAccess): Promise<ContainerRoot> {
  const { id, status } = deps.store.find(reference);
  const held = access === 'write' && !isAlive(status) ? await deps.lock.acquire(id) : undefined;
  try {
    const record = currentRecord(deps.store, id);
    const fd = isAlive(record.status) ? openRunning(record) : await openStopped(deps, record, access);
    const { spec } = deps.store.spec(id);
    const { uid, gid } = spec.process.user;
    return {
      fd,
      ...(await layersOf(deps, record)),
      mountTargets: spec.mounts.map(({ destination }) => destination),
      owner: { uid, gid },
      async [Symbol.asyncDispose]() {
        held?.[Symbol.dispose]();
        await closeDescriptor(fd);
      },
    };
  } catch (error) {
    held?.[Symbol.dispose]();
    // Reading takes no lock: a removal may have taken the folders away.
    if (currentRecord(deps.store, id).status === 'removing')
      throw new JockerError('failed-precondition', `container ${id} is being removed`, { cause: error });
    throw error;
  }
}

function openRunning({ id, name, pid }: ContainerRecord): number {
  try {
    return openFolder(`/proc/${pid}/root`);
  } catch (cause) {
    // It may have ended before its monitor says so.
    const details = { reason: 'not-running', reference: id } as const;
    throw new JockerError('failed-precondition', `the process of container ${name} is gone`, { cause, details });
  }
}

/** Synchronous, and a bare number: nothing closes it before the root is disposed of. */
function openFolder(path: string): number {
  return native().openat2(currentDirectory, path, pathOnly | constants.O_DIRECTORY, 0, 0);
}

async function layersOf(
  deps: ContainerDeps,
  record: ContainerRecord,
): Promise<Pick<ContainerRoot, 'changesDirectory' | 'lowerDirectories'>> {
  const snapshotter = deps.drivers.snapshotters.byName(record.snapshotter).value;
  const changesDirectory = await snapshotter.changesDirectory(record.id);
  if (changesDirectory !== undefined) return { changesDirectory, lowerDirectories: (await snapshotter.directories(record.id)).slice(1) };
  return { lowerDirectories: record.chainId === null ? [] : await snapshotter.layerDirectories(record.chainId) };
}

async function openStopped(deps: ContainerDeps, record: ContainerRecord, access: RootAccess): Promise<number> {
  const snapshotter = deps.drivers.snapshotters.byName(record.snapshotter).value;
  if (access === 'write') {
    const mounts = await snapshotter.mounts(record.id);
    const [only] = mounts;
    if (mounts.length === 1 && only?.type === 'bind') return openFolder(only.source);
    return await openMounted(deps, record.id, (target) => {
      for (const call of mountCalls(mounts, target)) native().mount(call.source, call.target, call.type, call.flags, call.data);
    });
  }
  const directories = await snapshotter.directories(record.id);
  const [only] = directories;
  if (directories.length === 1 && only !== undefined) return openFolder(only);
  // All folders as read-only layers: the upper one may be part of another mount at the same time.
  return await openMounted(deps, record.id, (target) => {
    const options = ['index=off', 'redirect_dir=off', 'metacopy=off'];
    try {
      native().mountOverlay(target, { lower: directories, extra: options });
    } catch {
      // Before Linux 6.7 layers can only be given as text, which has a limit.
      native().mount('overlay', target, 'overlay', readOnly, [`lowerdir=${directories.join(':')}`, ...options].join(','));
    }
  });
}

/**
 * Mounts, opens and detaches again: the descriptor keeps the file system, and no name leads to it. The folder is named after
 * the container, so that an engine that ends in between leaves something that the next one finds.
 */
async function openMounted(deps: ContainerDeps, id: string, mount: (target: string) => void): Promise<number> {
  const target = join(deps.paths.mountRoot, `${id}-${randomBytes(4).toString('hex')}`);
  await mkdir(target, { recursive: true, mode: 0o700 });
  try {
    mount(target);
    try {
      return openFolder(target);
    } finally {
      native().unmount(target, detach);
    }
  } finally {
    await rmdir(target);
  }
}
