// Bundles the extension to one CommonJS file and packs it: packages/vscode-ext/dist/jocker.vsix.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createVSIX } from '@vscode/vsce';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));
const stage = `${root}dist/package`;

await rm(`${root}dist/package`, { recursive: true, force: true });
await mkdir(`${stage}/dist`, { recursive: true });
await build({
  entryPoints: [`${root}src/extension.ts`],
  outfile: `${stage}/dist/extension.cjs`,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  conditions: ['jocker-source'],
  external: ['vscode'],
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
});

// What is packed has no dependencies and no module type: the bundle is CommonJS and holds everything.
const {
  devDependencies: _development,
  scripts: _scripts,
  private: _private,
  type: _type,
  ...manifest
} = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as Record<string, unknown>;
await writeFile(`${stage}/package.json`, JSON.stringify(manifest, null, 2));
for (const name of ['package.nls.json', 'README.md', 'media', 'l10n']) await cp(`${root}${name}`, `${stage}/${name}`, { recursive: true });
for (const name of ['LICENSE', 'CHANGELOG.md']) await cp(`${root}../../${name}`, `${stage}/${name}`);
await createVSIX({ cwd: stage, packagePath: `${root}dist/jocker.vsix`, dependencies: false });
