import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine, PushProgress } from '@jocker/core';
import { writeImageLayout, type FixtureImage, type FixtureImageResult } from '@jocker/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { createEnginePlace, type EnginePlace } from '../support/temporary-engine.ts';

const run = promisify(execFile);
const user = { username: 'user', password: 'canary-password' };

const images: readonly FixtureImage[] = [
  { tag: 'one', config: { Cmd: ['sh'] }, layers: [{ entries: [{ path: 'a', content: 'a' }] }, { entries: [{ path: 'b', content: 'b' }] }] },
  { tag: 'two', layers: [{ entries: [{ path: 'a', content: 'a' }] }, { entries: [{ path: 'c', content: 'c' }], compression: 'zstd' }] },
];

let directory: string;
let registry: TestRegistry;
let guarded: TestRegistry;
let place: EnginePlace;
let engine: Engine;
let made: readonly FixtureImageResult[];
const at = (name: string): string => `${registry.host}/${name}`;
const inspect = async (reference: string): Promise<{ Digest: string; Layers: readonly string[] }> =>
  JSON.parse((await run('skopeo', ['inspect', '--tls-verify=false', `docker://${reference}`])).stdout) as never;
async function push(reference: string): Promise<readonly PushProgress[]> {
  let last: readonly PushProgress[] = [];
  await engine.images.push(reference, { onProgress: (layers) => (last = layers) });
  return last;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-registry-engine-'));
  made = await writeImageLayout(directory, images);
  registry = await startRegistry();
  guarded = await startRegistry({ htpasswd: 'user:$2b$04$abcdefghijklmnopqrstuuag0.YlF7tv7WKWN7rgqJ5KkJ9XU2wny' });
  for (const tag of ['one', 'two'])
    await run('skopeo', ['copy', '--dest-tls-verify=false', `oci:${directory}:${tag}`, `docker://${at('app')}:${tag}`]);
  place = await createEnginePlace();
  engine = await place.open();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await place?.remove();
  await registry?.[Symbol.asyncDispose]();
  await guarded?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe('an image of a registry', () => {
  test('is pulled under its name, and again without a change', async () => {
    const first = await engine.images.pull(at('app:one'));
    expect(first).toMatchObject({
      reference: at('app:one'),
      manifest: made[0]?.manifest.digest,
      imageId: made[0]?.config.digest,
      changed: true,
    });
    expect(await engine.images.pull(at('app:one'))).toEqual({ ...first, changed: false });
    expect(await engine.images.inspect(at('app:one'))).toMatchObject({
      references: [at('app:one')],
      repoDigests: [`${at('app')}@${first.manifest}`],
      config: { command: ['sh'] },
      diffIds: made[0]?.diffIds,
    });
  });

  test('is pulled by its digest, and has no name then', async () => {
    const digest = made[1]?.manifest.digest ?? '';
    const pulled = await engine.images.pull(`${at('app')}@${digest}`);
    expect(pulled.changed).toBe(true);
    expect((await engine.images.inspect(`${at('app')}@${digest}`)).references).toEqual([]);
    expect((await engine.images.pull(`${at('app')}:two@${digest}`)).changed).toBe(false);
    expect((await engine.images.inspect(pulled.imageId)).references).toEqual([]);
  });

  test('that is not there is refused by name', async () => {
    await expect(engine.images.pull(at('app:none'))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(at('app:none')) as string,
    });
  });

  test('can be read out of the content store by other tools', async () => {
    await engine.images.pull(at('app:two'));
    await engine.images.tag(at('app:two'), 'other:name');
    await expect
      .poll(async () => (await run('skopeo', ['inspect', `oci:${place.directory}/data/content:docker.io/library/other:name`])).stdout, {
        timeout: 20_000,
      })
      .toContain(made[1]?.layers[1]?.digest);
  });
});

describe('a push', () => {
  test('sends what is missing, and nothing the second time', async () => {
    await engine.images.pull(at('app:one'));
    await using empty = await startRegistry();
    const target = `${empty.host}/copy:1`;
    await engine.images.tag(at('app:one'), target);
    expect((await push(target)).map(({ state }) => state)).toEqual(['done', 'done', 'done']);
    expect(await inspect(target)).toMatchObject({ Digest: made[0]?.manifest.digest, Layers: made[0]?.layers.map(({ digest }) => digest) });
    const again = await push(target);
    expect(again.map(({ state }) => state)).toEqual(['exists', 'exists', 'exists']);
    expect(again.map(({ bytesDone, bytesTotal }) => bytesDone === bytesTotal)).toEqual([true, true, true]);
  });

  test('borrows what another repository of the registry has', async () => {
    await engine.images.pull(at('app:one'));
    await engine.images.tag(at('app:one'), at('borrower:1'));
    expect(await push(at('borrower:1'))).toMatchObject([
      { state: 'mounted', mountedFrom: 'app' },
      { state: 'mounted', mountedFrom: 'app' },
      { state: 'mounted', mountedFrom: 'app' },
    ]);
  });

  test('of two images with a common layer at once sends it once', async () => {
    await engine.images.pull(at('app:one'));
    await engine.images.pull(at('app:two'));
    await using empty = await startRegistry();
    await engine.images.tag(at('app:one'), `${empty.host}/both:one`);
    await engine.images.tag(at('app:two'), `${empty.host}/both:two`);
    const sent = await Promise.all([push(`${empty.host}/both:one`), push(`${empty.host}/both:two`)]);
    const common = sent.flat().filter(({ digest }) => digest === made[0]?.layers[0]?.digest);
    expect(common.map(({ state }) => state).toSorted()).toEqual(['done', 'exists']);
    expect(await inspect(`${empty.host}/both:two`)).toMatchObject({ Digest: made[1]?.manifest.digest });
  });

  test('of an image that has no such name is refused', async () => {
    await expect(engine.images.push(at('nothing:1'))).rejects.toMatchObject({ code: 'not-found' });
  });

  test('to a registry that is not there is refused with its name', async () => {
    const gone = await startRegistry();
    await gone[Symbol.asyncDispose]();
    await engine.images.pull(at('app:one'));
    await engine.images.tag(at('app:one'), `${gone.host}/app:1`);
    await expect(engine.images.push(`${gone.host}/app:1`)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(gone.host) as string,
    });
  });
});

describe('a registry that asks for a password', () => {
  test('takes a login with the right one, and not with another', async () => {
    const { host } = guarded;
    expect(await engine.system.authenticate({ host: `http://${host}/v2/`, ...user })).toMatchObject({ status: 'Login Succeeded' });
    await expect(engine.system.authenticate({ host, ...user, password: 'wrong' })).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('is pushed to and pulled from with credentials only', async () => {
    const reference = `${guarded.host}/private:1`;
    const credentials = { host: guarded.host, ...user };
    await engine.images.pull(at('app:one'));
    await engine.images.tag(at('app:one'), reference);
    await expect(engine.images.push(reference)).rejects.toMatchObject({ code: 'unauthenticated' });
    await engine.images.push(reference, { credentials });
    await expect(engine.images.pull(reference)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await engine.images.pull(reference, { credentials })).toMatchObject({ manifest: made[0]?.manifest.digest });
  });

  test('leaves no trace of the password in events, operations or the data root', async () => {
    const events = JSON.stringify([await engine.events.range({}), await engine.operations.list()]);
    expect(events).toContain(`${guarded.host}/private:1`);
    expect(events).not.toContain(user.password);
    const found = await run('grep', ['-rlF', user.password, `${place.directory}/data`]).then(
      ({ stdout }) => stdout,
      () => '',
    );
    expect([found, (await readdir(`${place.directory}/data`)).length > 0]).toEqual(['', true]);
  });
});

describe('a removal', () => {
  test('of one name leaves the others, of the last one everything goes that no other image needs', async () => {
    await engine.images.pull(at('app:one'));
    await engine.images.pull(at('app:two'));
    const [one, two] = made;
    for (const image of await engine.images.list())
      for (const name of image.references) if (image.id === one?.config.digest && name !== at('app:one')) await engine.images.remove(name);
    expect(await engine.images.remove(at('app:one'))).toEqual({ untagged: [at('app:one')], deleted: [one?.config.digest] });
    const blobs = await readdir(`${place.directory}/data/content/blobs/sha256`);
    const isThere = (digest: string | undefined): boolean => blobs.includes(digest?.slice('sha256:'.length) ?? '');
    expect([one?.manifest, one?.config, one?.layers[0], one?.layers[1]].map((blob) => isThere(blob?.digest))).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect([two?.manifest, two?.config, two?.layers[1]].map((blob) => isThere(blob?.digest))).toEqual([true, true, true]);
  });
});
