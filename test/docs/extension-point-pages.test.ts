// One page for each extension point, made of the contract as it stands in the sources.
//   UPDATE_DOCS=1 vitest run test/docs        writes them
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const source = async (name: string): Promise<string> => await readFile(path(`packages/core/src/${name}`), 'utf8');
const folder = 'docs/reference/extension-points';

const points = await source('plugin/extension-points.ts');
const policies = await source('plugin/hook-policy.ts');

interface Point {
  readonly name: string;
  readonly contract: string;
  readonly decides: string;
}

/** As they are declared: `/** who decides *\/ name: Contract;`. */
function declaredPoints(): readonly Point[] {
  const begin = points.indexOf('interface ExtensionPoints');
  const text = points.slice(begin, points.indexOf('\n}', begin));
  return [...text.matchAll(/\/\*\* (.+?) \*\/\n {2}([a-zA-Z]+): ([A-Za-z]+);/g)].map(([, decides = '', name = '', contract = '']) => ({
    name,
    contract,
    decides,
  }));
}

/** The exported types of a module, with their comments. */
function exportedTypes(text: string): readonly { readonly name: string; readonly text: string }[] {
  const pattern = /^(?:\/\*\*(?:(?!\*\/)[^])*\*\/\n)?export (?:interface ([A-Za-z]+)[^]*?^\}|type ([A-Za-z]+)[^]*?;$)/gm;
  return [...text.matchAll(pattern)].map(([found, name, alias]) => ({ name: name ?? alias ?? '', text: found }));
}

async function pageOf({ name, contract, decides }: Point): Promise<string> {
  const file =
    new RegExp(`import type \\{ ${contract} \\} from '\\.\\./([a-z/-]+\\.ts)'`).exec(points)?.[1] ?? 'plugin/extension-points.ts';
  const types = exportedTypes(await source(file)).filter((type) => type.name !== 'ExtensionPoints');
  const ordered = types.toSorted((left, right) => Number(right.name === contract) - Number(left.name === contract));
  const limit = new RegExp(`^ {2}${name}: ([0-9_]+),`, 'm').exec(policies)?.[1]?.replaceAll('_', '');
  const kinds: Readonly<Record<string, string>> = { specMutator: 'mutate', admissionRule: 'decide' };
  return `<!-- Made from packages/core/src/${file}; UPDATE_DOCS=1 vitest run test/docs writes it. -->

# ${name}

\`jocker.provide('${name}', () => …)\` implements \`${contract}\`. Kind: **${kinds[name] ?? 'provide'}**.

${decides} Each call has ${Number(limit) / 1000} seconds unless the plugin says otherwise ([when a call fails](../extension-points.md#when-a-call-fails)).

\`\`\`ts
${ordered.map((type) => type.text).join('\n\n')}
\`\`\`
`;
}

const declared = declaredPoints();

test('there is a page for each extension point, and no other', async () => {
  expect(declared.length).toBeGreaterThan(7);
  if (process.env['UPDATE_DOCS'] === '1') await mkdir(path(folder), { recursive: true });
  else expect((await readdir(path(folder))).toSorted()).toEqual(declared.map(({ name }) => `${name}.md`).toSorted());
});

test.each(declared.map((point) => [point.name, point] as const))(
  'the page of %s has its contract as it is in the sources',
  async (name, point) => {
    const page = await pageOf(point);
    if (process.env['UPDATE_DOCS'] === '1') await writeFile(path(`${folder}/${name}.md`), page);
    expect(page).toContain(`interface ${point.contract} {`);
    expect(await readFile(path(`${folder}/${name}.md`), 'utf8'), 'UPDATE_DOCS=1 vitest run test/docs writes it').toBe(page);
  },
);
