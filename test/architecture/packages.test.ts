import { describe, expect, test } from 'vitest';
import { importsBelow, type Import } from './import-graph.ts';

/** Who may import whom. A name with `type:` may be imported for its types only. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  native: [],
  core: ['native'],
  plugins: ['native', 'core'],
  protocol: ['type:core'],
  client: ['protocol'],
  server: ['core', 'protocol'],
  cli: ['native', 'core', 'plugins', 'protocol', 'client', 'server'],
  'vscode-ext': ['protocol', 'client'],
  testkit: ['core'],
  'create-jocker-plugin': [],
  // As anybody would write them: each a package of its own.
  contrib: ['core'],
};

/** The only places that know a library whose use should not spread. */
const confined: Readonly<Record<string, readonly string[]>> = {
  tsyringe: ['packages/core/src/composition/'],
  'reflect-metadata': ['packages/core/src/composition/'],
  eventemitter3: ['packages/core/src/events/'],
  execa: ['packages/plugins/src/', 'packages/cli/src/', 'packages/contrib/'],
  vscode: ['packages/vscode-ext/src/'],
  fastify: ['packages/server/src/'],
  ws: ['packages/server/src/'],
  commander: ['packages/cli/src/'],
  'cli-progress': ['packages/cli/src/'],
  vitest: ['packages/core/src/testing/', 'packages/testkit/src/'],
};

const packageOf = (specifier: string): string | undefined => /^@jocker\/([a-z-]+)/.exec(specifier)?.[1];
const imports = await importsBelow('packages');

function forbidden(entry: Import): boolean {
  const from = entry.file.split('/')[1] ?? '';
  const to = packageOf(entry.target);
  if (to === undefined) return entry.target.startsWith('packages/') && entry.target.split('/')[1] !== from;
  const list = allowed[from] ?? [];
  return !list.includes(to) && !(entry.typeOnly && list.includes(`type:${to}`));
}

describe('packages', () => {
  test('import each other only in the direction of the flow', () => {
    expect(imports.filter(forbidden)).toEqual([]);
  });

  test('of third-party style know @jocker/core by its one entry, and not each other', () => {
    const contributed = imports.filter((entry) => entry.file.startsWith('packages/contrib/'));
    const folderOf = (path: string): string => path.split('/').slice(0, 3).join('/');
    expect(contributed.length).toBeGreaterThan(0);
    expect(
      contributed.filter(
        ({ file, target }) =>
          (target.startsWith('@jocker/') && target !== '@jocker/core') ||
          (target.startsWith('packages/') && folderOf(target) !== folderOf(file)),
      ),
    ).toEqual([]);
  });

  test.each(Object.entries(confined))('%s is imported only where it belongs', (library, places) => {
    const used = imports.filter((entry) => entry.target === library || entry.target.startsWith(`${library}/`));
    expect(used.filter((entry) => !places.some((place) => entry.file.startsWith(place)))).toEqual([]);
  });

  test('the server knows the engine by its types and its errors only', () => {
    const values = imports.filter(
      (entry) => entry.file.startsWith('packages/server/src/') && packageOf(entry.target) === 'core' && !entry.typeOnly,
    );
    expect(values.every((entry) => entry.target === '@jocker/core')).toBe(true);
  });
});
