import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Digest } from '../oci/digest.ts';
import { recordingLogger } from '../testing/memory-state.ts';
import type { ImageRecord } from './image-record.ts';
import { createLayoutIndex } from './layout-index.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-layout-'));
});
afterAll(async () => await rm(directory, { recursive: true, force: true }));

const id: Digest = `sha256:${'a'.repeat(64)}`;
const manifest = { mediaType: 'm', digest: id, size: 1 };
const storeWith = (names: readonly string[]): { list(): readonly ImageRecord[]; referencesOf(): readonly string[] } => ({
  list: () => [{ id, manifest } as ImageRecord],
  referencesOf: () => names,
});
const named = (name: string): object => ({ ...manifest, annotations: { 'org.opencontainers.image.ref.name': name } });

test.each([
  [
    ['docker.io/library/a:1', 'docker.io/library/a:2'],
    [named('docker.io/library/a:1'), named('docker.io/library/a:2')],
  ],
  [[], [manifest]],
])('an image called %j stands in the index once for each name, at least once', async (names, expected) => {
  const index = createLayoutIndex(directory, storeWith(names), recordingLogger());
  index.changed();
  await index[Symbol.asyncDispose]();
  expect(JSON.parse(await readFile(join(directory, 'index.json'), 'utf8'))).toMatchObject({ schemaVersion: 2, manifests: expected });
});

test('a change while the index is written is written too', async () => {
  const names: string[] = [];
  const index = createLayoutIndex(directory, storeWith(names), recordingLogger());
  index.changed();
  await Promise.resolve();
  names.push('docker.io/library/late:1');
  index.changed();
  await index[Symbol.asyncDispose]();
  expect(await readFile(join(directory, 'index.json'), 'utf8')).toContain('late:1');
});

test('an index that cannot be written is a warning', async () => {
  const log = recordingLogger();
  const index = createLayoutIndex(join(directory, 'not-there'), storeWith([]), log);
  index.changed();
  await index[Symbol.asyncDispose]();
  expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
});
