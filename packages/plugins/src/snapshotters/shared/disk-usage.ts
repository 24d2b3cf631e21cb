import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const batch = 32;

/** Bytes that a tree takes on disk; what has several names counts once, what vanishes meanwhile not at all. */
export async function diskUsage(directory: string): Promise<number> {
  const seen = new Set<number>();
  let bytes = 0;
  const folders = [directory];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const parent = folder;
    const names = await readdir(parent).catch((): string[] => []);
    for (let start = 0; start < names.length; start += batch) {
      const paths = names.slice(start, start + batch).map((name) => join(parent, name));
      for (const [index, stats] of (await Promise.all(paths.map(async (path) => await lstat(path).catch(() => undefined)))).entries()) {
        if (stats === undefined || seen.has(stats.ino)) continue;
        if (stats.nlink > 1 && !stats.isDirectory()) seen.add(stats.ino);
        bytes += stats.blocks * 512;
        const path = paths[index];
        if (stats.isDirectory() && path !== undefined) folders.push(path);
      }
    }
  }
  return bytes;
}
