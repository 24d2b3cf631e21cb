import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repositoryRoot: string = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

export interface Import {
  /** Relative to the repository. */
  readonly file: string;
  /** A file of the repository, or a package's name. */
  readonly target: string;
  readonly typeOnly: boolean;
}

const importPattern = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/g;
const dynamicPattern = /\bimport\(\s*'([^']+)'/g;

async function* sourceFiles(directory: string): AsyncGenerator<string> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== 'dist') yield* sourceFiles(path);
    else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts')) yield path;
  }
}

/** Every import of every source file below `directory` (tests left out), read as text. */
export async function importsBelow(directory: string): Promise<readonly Import[]> {
  const found: Import[] = [];
  for await (const path of sourceFiles(join(repositoryRoot, directory))) {
    const text = await readFile(path, 'utf8');
    const add = (specifier: string, typeOnly: boolean): void => {
      const target = specifier.startsWith('.') ? relative(repositoryRoot, resolve(dirname(path), specifier)) : specifier;
      found.push({ file: relative(repositoryRoot, path), target, typeOnly });
    };
    for (const match of text.matchAll(importPattern)) add(match[2] ?? '', match[1] !== undefined);
    for (const match of text.matchAll(dynamicPattern)) add(match[1] ?? '', false);
  }
  return found;
}
