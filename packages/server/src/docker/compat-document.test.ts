import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { dockerCompatMarkdown } from './compat-document.ts';
import { dockerRoutes } from './docker-routes.ts';

const reference = new URL('../../../../docs/reference/docker-compat.md', import.meta.url);

test('the reference in docs is what the routes say (UPDATE_DOCS=1 writes it)', async () => {
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(reference, dockerCompatMarkdown(dockerRoutes));
  expect(await readFile(reference, 'utf8')).toBe(dockerCompatMarkdown(dockerRoutes));
});
