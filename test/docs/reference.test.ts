import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const read = async (path: string): Promise<string> => await readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const firstCells = (markdown: string): string[] => [...markdown.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name ?? '').toSorted();

/** Keys and union members as they stand in the types: what compiles is what is documented. */
const declared = async (path: string, begin: string, end: string, pattern: RegExp): Promise<string[]> => {
  const source = await read(path);
  const from = source.indexOf(begin);
  const text = source.slice(from, source.indexOf(end, from));
  return [...text.matchAll(pattern)].map(([, name]) => name ?? '').toSorted();
};

describe('the reference', () => {
  test('has every event, and no other', async () => {
    const names = await declared(
      'packages/core/src/events/lifecycle-events.ts',
      'interface LifecycleEvents',
      '\n}',
      /^ {2}'([a-z]+:[a-z-]+)': \[/gm,
    );
    expect(firstCells(await read('docs/reference/events.md'))).toEqual(names);
  });

  test('has every error code and reason, and no other', async () => {
    const path = 'packages/core/src/errors/jocker-error.ts';
    const codes = await declared(path, 'type ErrorCode', ';', /\| '([a-z-]+)'/g);
    const reasons = await declared(path, 'type ErrorReason', ';', /\| '([a-z-]+)'/g);
    expect(firstCells(await read('docs/reference/errors.md'))).toEqual([...codes, ...reasons].toSorted());
  });

  test('has the status by which the native API answers each code', async () => {
    const path = 'packages/server/src/http/status-of.ts';
    const answered = await declared(path, 'const statusByCode', '\n};', /^ {2}('?[a-z-]+'?: \d+),$/gm);
    const rows = [...(await read('docs/reference/errors.md')).matchAll(/^\| `([a-z-]+)` \|[^|]+\| (\d+) \|/gm)];
    expect(rows.map(([, code, status]) => `${code}: ${status}`).toSorted()).toEqual(
      answered.map((line) => line.replaceAll("'", '')).toSorted(),
    );
  });

  test('has every extension point and every permission, and no other', async () => {
    const points = await declared(
      'packages/core/src/plugin/extension-points.ts',
      'interface ExtensionPoints',
      '\n}',
      /^ {2}([a-zA-Z]+): /gm,
    );
    const [table = '', ...more] = (await read('docs/reference/extension-points.md')).split('\n## ');
    expect(firstCells(table)).toEqual(points);
    const permissions = await declared('packages/core/src/spec/spec-permissions.ts', 'type SpecPermission', ';', /\| '([a-z:-]+)'/g);
    expect(firstCells(more.find((section) => section.startsWith('What a mutator may not widen')) ?? '')).toEqual(permissions);
  });

  test.each([
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'docs/guides/write-a-plugin.md',
    'docs/guides/use-with-docker-cli.md',
    'docs/guides/embed-in-tests.md',
  ])('%s links only to what is there', async (path) => {
    const folder = new URL(`../../${path}`, import.meta.url);
    const targets = [...(await read(path)).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target ?? '');
    for (const target of targets) await expect(readAny(new URL(target, folder)), target).resolves.toBe(true);
  });
});

async function readAny(url: URL): Promise<boolean> {
  return (await stat(url)).isFile() || (await stat(url)).isDirectory();
}
