import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { describeNativeApi } from './describe-native-api.ts';
import { nativeApi } from './native-api.ts';

const reference = new URL('../../../../docs/reference/native-api.md', import.meta.url);

test('the reference in docs is what the routes say (UPDATE_DOCS=1 writes it)', async () => {
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(reference, describeNativeApi());
  expect(await readFile(reference, 'utf8')).toBe(describeNativeApi());
});

test('no two routes have the same method and path', () => {
  const all = nativeApi.flatMap(({ prefix, routes }) =>
    routes.map(({ method, path }) => `${method} ${prefix}${path.replaceAll(/:\w+/g, ':x')}`),
  );
  expect(all).toEqual([...new Set(all)]);
});
