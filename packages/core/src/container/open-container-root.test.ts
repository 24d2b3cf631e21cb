import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createContainerHarness, type ContainerHarness } from '../testing/container-harness.ts';
import type { ContainerRoot } from './files/container-root.ts';
import { openContainerRoot } from './open-container-root.ts';

let harness: ContainerHarness;
let folders: string;
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  await rm(folders, { recursive: true, force: true });
});

/** A stopped container whose root is an overlay of two real folders. */
async function overlaid(): Promise<string> {
  harness = await createContainerHarness();
  folders = await mkdtemp(join(tmpdir(), 'jocker-root-'));
  const [upper, work, lower] = ['upper', 'work', 'lower'].map((name) => join(folders, name)) as [string, string, string];
  for (const folder of [upper, work, lower]) await mkdir(folder);
  await writeFile(join(lower, 'below'), 'from the image');
  await writeFile(join(upper, 'above'), 'from the container');
  Object.assign(harness.snapshotter, {
    mounts: async () => [{ type: 'overlay', source: 'overlay', options: [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`] }],
    directories: async () => [upper, lower],
  });
  return (await harness.verbs.create({ image: 'img' })).id;
}

const inRoot = (root: ContainerRoot, name: string): string => `/proc/self/fd/${root.fd}/${name}`;

describe('the root of a stopped container', () => {
  test('is read with all its layers, and nothing is mounted anywhere meanwhile', async () => {
    const id = await overlaid();
    await using root = await openContainerRoot(harness.deps, id, 'read');
    expect(await readdir(harness.deps.paths.mountRoot)).toEqual([]);
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(folders);
    expect(await readFile(inRoot(root, 'below'), 'utf8')).toBe('from the image');
    expect(await readFile(inRoot(root, 'above'), 'utf8')).toBe('from the container');
    await expect(writeFile(inRoot(root, 'new'), '')).rejects.toMatchObject({ code: 'EROFS' });
  });

  test('is written through its upper folder, and the image stays as it is', async () => {
    const id = await overlaid();
    await using root = await openContainerRoot(harness.deps, id, 'write');
    await writeFile(inRoot(root, 'below'), 'changed');
    expect(await readFile(join(folders, 'upper/below'), 'utf8')).toBe('changed');
    expect(await readFile(join(folders, 'lower/below'), 'utf8')).toBe('from the image');
  });

  test('keeps a start waiting while it is open for writing, not while it is open for reading', async () => {
    const id = await overlaid();
    const writing = await openContainerRoot(harness.deps, id, 'write');
    const starting = harness.verbs.start(id);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(harness.deps.store.get(id)?.status).toBe('created');
    await writing[Symbol.asyncDispose]();
    await starting;
    const other = (await harness.verbs.create({ image: 'img' })).id;
    await using _reading = await openContainerRoot(harness.deps, other, 'read');
    await harness.verbs.start(other);
  });

  test('of an unknown container is refused, and the lock is free after a failure', async () => {
    const id = await overlaid();
    await expect(openContainerRoot(harness.deps, 'nobody', 'read')).rejects.toMatchObject({ code: 'not-found' });
    Object.assign(harness.snapshotter, { mounts: () => Promise.reject(new Error('no mounts')) });
    await expect(openContainerRoot(harness.deps, id, 'write')).rejects.toThrow('no mounts');
    await harness.verbs.rename(id, 'still-usable');
  });
});
