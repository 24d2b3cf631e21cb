// Makes the npm packages of this checkout, as .tgz files: JavaScript and types, the addon's sources, no tests.
//   node scripts/pack.ts [FOLDER]        (default dist/packages); needs `tsc -b` to have run, for the types
// A package takes part when its package.json has `publishConfig`. Dependencies between them get this checkout's version.
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly description?: string;
  readonly exports?: Readonly<Record<string, { readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: {
    /** Sources that are loaded by their file name beside the package's code, as worker threads are. */
    readonly threads?: Readonly<Record<string, string>>;
    /** Folders that go along as they are. */
    readonly files?: readonly string[];
    readonly scripts?: Readonly<Record<string, string>>;
    readonly optionalPeerDependencies?: Readonly<Record<string, string>>;
  };
}

const root = fileURLToPath(new URL('..', import.meta.url));
const target = resolve(process.argv[2] ?? join(root, 'dist/packages'));

const manifestOf = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
const nameOfEntry = (path: string): string => (path === '.' ? 'index' : basename(path));

async function pack(folder: string, manifest: Manifest): Promise<void> {
  const { publishConfig = {}, exports = {}, bin = {}, dependencies = {} } = manifest;
  const stage = join(target, manifest.name.replace('@', '').replace('/', '-'));
  await mkdir(stage, { recursive: true });
  const entryPoints = {
    ...Object.fromEntries(Object.entries(exports).map(([path, { default: source }]) => [nameOfEntry(path), source])),
    ...Object.fromEntries(Object.entries(bin).map(([name, source]) => [name, source])),
    ...publishConfig.threads,
  };
  await build({
    absWorkingDir: folder,
    entryPoints,
    outdir: join(stage, 'dist'),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    splitting: true,
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
  });
  if (Object.keys(exports).length > 0) {
    await cp(join(folder, 'dist/types'), join(stage, 'types'), {
      recursive: true,
      filter: (path) => !path.endsWith('.test.d.ts') && !path.endsWith('.tsbuildinfo'),
    });
  }
  for (const file of publishConfig.files ?? []) await cp(join(folder, file), join(stage, file), { recursive: true });

  const typesOf = (source: string): string => source.replace('./src/', './types/').replace(/\.ts$/, '.d.ts');
  const { optionalPeerDependencies = {} } = publishConfig;
  await writeFile(
    join(stage, 'package.json'),
    JSON.stringify(
      {
        name: manifest.name,
        version: manifest.version,
        description: manifest.description,
        license: manifest.license,
        type: 'module',
        exports: Object.fromEntries(
          Object.entries(exports).map(([path, { default: source }]) => [
            path,
            { types: typesOf(source), default: `./dist/${nameOfEntry(path)}.mjs` },
          ]),
        ),
        bin: Object.fromEntries(Object.keys(bin).map((name) => [name, `dist/${name}.mjs`])),
        scripts: publishConfig.scripts,
        dependencies: Object.fromEntries(
          Object.entries(dependencies).map(([name, range]) => [name, range.startsWith('workspace:') ? `^${manifest.version}` : range]),
        ),
        peerDependencies: { ...manifest.peerDependencies, ...optionalPeerDependencies },
        peerDependenciesMeta: Object.fromEntries(Object.keys(optionalPeerDependencies).map((name) => [name, { optional: true }])),
      },
      undefined,
      2,
    ),
  );
  const archive = execFileSync('npm', ['pack', '--silent', '--pack-destination', target, stage], {
    encoding: 'utf8',
    env: npmEnvironment(),
  });
  await rm(stage, { recursive: true });
  process.stdout.write(`${join(target, archive.trim())}\n`);
}

/** What an outer npm or pnpm left in the environment steers this one wrongly. */
function npmEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_')));
}

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
for (const name of await readdir(join(root, 'packages'))) {
  const folder = join(root, 'packages', name);
  const manifest = await manifestOf(folder).catch(() => undefined);
  if (manifest?.publishConfig !== undefined) await pack(folder, manifest);
}
