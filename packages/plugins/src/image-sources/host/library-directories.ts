import { glob, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

const builtIn = ['/lib64', '/usr/lib64', '/lib', '/usr/lib'];

/** Where the dynamic linker of this machine looks, in order: /etc/ld.so.conf with what it includes, then its own. */
export async function libraryDirectories(configuration = '/etc/ld.so.conf'): Promise<readonly string[]> {
  return [...new Set([...(await readConfiguration(configuration, 0)), ...builtIn])];
}

async function readConfiguration(path: string, depth: number): Promise<readonly string[]> {
  const text = depth > 4 ? '' : await readFile(path, 'utf8').catch(() => '');
  const directories: string[] = [];
  for (const line of text.split('\n').map((each) => each.replace(/#.*/, '').trim())) {
    const included = /^include\s+(.+)$/.exec(line)?.[1];
    if (included !== undefined) {
      const found: string[] = [];
      for await (const match of glob(resolve(dirname(path), included))) found.push(match);
      for (const match of found.toSorted()) directories.push(...(await readConfiguration(match, depth + 1)));
    } else if (line.startsWith('/')) directories.push(line);
  }
  return directories;
}
