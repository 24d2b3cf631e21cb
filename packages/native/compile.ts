// Compiles the addon into build/jocker.node with the machine's C compiler; under a second, and nothing when up to date.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// From the sources, or from dist of the packed package.
const folder = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '.' : '..', import.meta.url));
const target = join(folder, 'build/jocker.node');
const stamp = join(folder, 'build/jocker.node.sha256');
const flags = [
  '-std=gnu17',
  '-D_GNU_SOURCE',
  '-O2',
  '-Wall',
  '-Wextra',
  '-Werror=implicit-function-declaration',
  '-shared',
  '-fPIC',
  '-fvisibility=hidden',
];

function fail(sentence: string): never {
  process.stderr.write(`jocker: ${sentence}\n`);
  process.exit(1);
}

function headers(): string {
  const besideNode = join(dirname(process.execPath), '../include/node');
  const candidates = [besideNode, '/usr/include/node', '/usr/local/include/node'];
  return (
    candidates.find((candidate) => existsSync(join(candidate, 'node_api.h'))) ??
    fail(`the C headers of Node are missing (looked in ${candidates.join(', ')}); use a Node distribution that has include/node`)
  );
}

function compile(): void {
  const sources = readdirSync(join(folder, 'addon')).toSorted();
  const hash = createHash('sha256').update(process.version).update(process.arch).update(flags.join(' '));
  for (const source of sources) hash.update(source).update(readFileSync(join(folder, 'addon', source)));
  const wanted = hash.digest('hex');
  if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;

  const include = headers();
  const files = sources.filter((source) => source.endsWith('.c')).map((source) => join(folder, 'addon', source));
  mkdirSync(dirname(target), { recursive: true });
  const unfinished = `${target}.${process.pid}`;
  try {
    execFileSync('cc', [...flags, '-I', include, '-o', unfinished, ...files], { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      fail('the C compiler cc is missing and the engine needs a small addon; install it with: apt-get install gcc libc6-dev');
    }
    fail('the addon could not be compiled; the message of cc is above');
  }
  // A process that has the old file loaded keeps it.
  renameSync(unfinished, target);
  writeFileSync(stamp, wanted);
}

compile();
