import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { native } from '@jocker/native';
import type { Engine } from '@jocker/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEnginePlace, type EnginePlace } from '../support/temporary-engine.ts';

const detach = 2;
let place: EnginePlace;
let dataRoot: string;
let engine: Engine;
beforeAll(async () => {
  place = await createEnginePlace();
  dataRoot = join(place.directory, 'data');
  await mkdir(dataRoot);
  native().mount('tmpfs', dataRoot, 'tmpfs', 0, 'size=24m');
  engine = await place.open();
  await engine.images.pull('host:busybox');
});
afterAll(async () => {
  try {
    await engine?.[Symbol.asyncDispose]();
  } finally {
    native().unmount(dataRoot, detach);
    await place.remove();
  }
});

test('with a full disk an exit is recorded, a create is refused whole, and a removal makes room again', async () => {
  const { id } = await engine.containers.create({ image: 'host:busybox', command: ['sh', '-c', 'cat /dev/zero > /fill; exit 6'] });
  await engine.containers.start(id);
  expect(await engine.containers.wait(id)).toEqual({ exitCode: 6 });
  expect((await engine.containers.inspect(id)).status).toBe('exited');

  // What is left, if anything, goes too: a page here and there is enough for a small container.
  const refused: unknown[] = [];
  for (let attempt = 0; attempt < 200 && refused.length === 0; attempt += 1) {
    await engine.containers
      .create({ image: 'host:busybox', labels: { filler: 'x'.repeat(20_000) } })
      .catch((error: unknown) => refused.push(error));
  }
  expect(refused[0]).toMatchObject({ code: 'resource-exhausted' });

  await engine.containers.remove(id);
  const { id: next } = await engine.containers.create({ image: 'host:busybox', command: ['true'] });
  await engine.containers.start(next);
  expect(await engine.containers.wait(next)).toEqual({ exitCode: 0 });
  for (const container of await engine.containers.list()) await engine.containers.remove(container.id);
  expect(await readdir(join(dataRoot, 'containers'))).toEqual([]);
});
