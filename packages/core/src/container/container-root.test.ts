import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createContainerHarness, type ContainerHarness } from '../testing/container-harness.ts';
import { withContainerRoot } from './container-root.ts';

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

describe('the root of a stopped container', () => {
  test('is read with all its layers, and nothing stays mounted', async () => {
    const id = await overlaid();
    const seen = await withContainerRoot(harness.deps, id, 'read', async ({ path }) => {
      await expect(writeFile(join(path, 'new'), '')).rejects.toMatchObject({ code: 'EROFS' });
      return [await readFile(join(path, 'below'), 'utf8'), await readFile(join(path, 'above'), 'utf8')];
    });
    expect(seen).toEqual(['from the image', 'from the container']);
    expect(await readdir(harness.deps.paths.mountRoot)).toEqual([]);
  });

  test('is written through its upper folder, and the image stays as it is', async () => {
    const id = await overlaid();
    await withContainerRoot(harness.deps, id, 'write', async ({ path }) => writeFile(join(path, 'below'), 'changed'));
    expect(await readFile(join(folders, 'upper/below'), 'utf8')).toBe('changed');
    expect(await readFile(join(folders, 'lower/below'), 'utf8')).toBe('from the image');
  });

  test('is unmounted when the work fails', async () => {
    const id = await overlaid();
    const failing = withContainerRoot(harness.deps, id, 'write', () => Promise.reject(new Error('disk on fire')));
    await expect(failing).rejects.toThrow('disk on fire');
    expect(await readdir(harness.deps.paths.mountRoot)).toEqual([]);
  });

  test('keeps a start waiting while it is written', async () => {
    const id = await overlaid();
    const [began, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const writing = withContainerRoot(harness.deps, id, 'write', async () => {
      began.resolve();
      await over.promise;
    });
    await began.promise;
    const starting = harness.verbs.start(id);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(harness.deps.store.get(id)?.status).toBe('created');
    over.resolve();
    await Promise.all([writing, starting]);
  });
});
