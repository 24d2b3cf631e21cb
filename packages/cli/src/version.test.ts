import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { cliVersion } from './version.ts';

test("the program's version is its package's", async () => {
  const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  expect(cliVersion).toBe(manifest.version);
});
