import { readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { native } from '@jocker/native';
import type { ContainerDeps } from './container-deps.ts';
import { isAlive } from './container-state.ts';

const detach = 2;

/** What an engine had begun to make when it ended. */
export async function undoIntents(deps: ContainerDeps): Promise<void> {
  for (const { kind, id, what } of deps.intents.list()) {
    await deps.drivers.snapshotters.byName(what['snapshotter'] ?? '').value.remove(id);
    await rm(deps.paths.state(id), { recursive: true, force: true });
    const volumes = (what['volumes'] ?? '').split(',').filter((name) => name !== '');
    await deps.volumes.removeAnonymous(volumes, { signal: deps.closing, log: deps.log });
    deps.intents.end(kind, id);
  }
  for (const name of await namesIn(deps.paths.mountRoot)) await removeMountPoint(join(deps.paths.mountRoot, name));
  await rm(deps.paths.dryRunRoot, { recursive: true, force: true });
}

/** Whatever is called after a container that has no record. */
export async function removeOrphans(deps: ContainerDeps, known: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      deps.log.info('removed what was left of a container without a record', { what });
    } catch (error) {
      deps.log.warn('what is left of a container without a record could not be removed', { what, error: String(error) });
    }
  };
  const context = { signal: deps.closing, log: deps.log };
  for (const [name, ids] of known) {
    for (const id of ids) {
      if (deps.store.isKnown(id)) continue;
      const location = { directory: deps.paths.bundle(id), tty: false, openStdin: false, stdinOnce: false };
      await attempt(`${name} ${id}`, () => deps.drivers.runtimes.byName(name).value.delete(id, location, { force: true }, context));
    }
  }
  for (const { value: snapshotter } of await deps.drivers.snapshotters.usable()) {
    for (const key of (await snapshotter.list()).keys) {
      if (isContainerId(key) && !deps.store.isKnown(key)) await attempt(`${snapshotter.name} ${key}`, () => snapshotter.remove(key));
    }
  }
  for (const id of await namesIn(deps.paths.stateRoot)) {
    if (!deps.store.isKnown(id)) await attempt(deps.paths.state(id), () => rm(deps.paths.state(id), { recursive: true }));
  }
  for (const id of await namesIn(deps.paths.bundleRoot)) {
    const record = deps.store.get(id);
    const needed = record === undefined ? deps.store.isKnown(id) : isAlive(record.status);
    if (!needed) await attempt(deps.paths.bundle(id), () => rm(deps.paths.bundle(id), { recursive: true, force: true }));
  }
}

const isContainerId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

async function namesIn(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch((): string[] => []);
}

/** A folder that something may be mounted on is never removed with what is in it: that would be the container's files. */
export async function removeMountPoint(path: string): Promise<void> {
  try {
    native().unmount(path, detach);
  } catch (error) {
    // EINVAL: nothing is mounted there, the engine ended before the mount.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  }
  await rmdir(path).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
    await unlink(path);
  });
}
