// Bundles the CLI (which holds the daemon) and the VS Code extension. A bundle starts faster than sources and keeps the
// daemon's resident memory small, which every process it starts pays for.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';

const packages = fileURLToPath(new URL('../packages/', import.meta.url));
const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  conditions: ['jocker-source'],
  logLevel: 'warning',
  legalComments: 'none',
};

/** One entry per program; code that a command does not need stays in chunks of its own. */
async function buildCli(): Promise<void> {
  const outdir = `${packages}cli/dist`;
  await rm(outdir, { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: {
      main: `${packages}cli/src/main.ts`,
      'plugin-process': `${packages}cli/src/daemon/plugin-process.ts`,
      'layer-worker': `${packages}core/src/layer/layer-worker.ts`,
      'files-worker': `${packages}core/src/container/files/files-worker.ts`,
    },
    outdir,
    format: 'esm',
    target: 'node24',
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    outExtension: { '.js': '.mjs' },
    // CommonJS dependencies inside an ESM bundle call require.
    banner: {
      js: "import { createRequire as jockerCreateRequire } from 'node:module'; const require = jockerCreateRequire(import.meta.url);",
    },
  });
  await mkdir(`${packages}cli/build`, { recursive: true });
  await copyFile(`${packages}native/build/jocker.node`, `${packages}cli/build/jocker.node`);
}

await buildCli();
const buildExtension = `${packages}vscode-ext/build.ts`;
if (existsSync(buildExtension)) await import(buildExtension);
