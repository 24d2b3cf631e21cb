import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll } from 'vitest';
import { describeContentStore } from '../testing/content-store-contract.ts';
import { createDiskContentStore } from './disk-content-store.ts';

const made: string[] = [];
afterAll(async () => {
  for (const directory of made) await rm(directory, { recursive: true, force: true });
});

describeContentStore(
  'disk',
  async () => {
    const directory = await mkdtemp(`${tmpdir()}/jocker-content-`);
    made.push(directory);
    return await createDiskContentStore(directory);
  },
  async (store) => await createDiskContentStore(store.path),
);
