import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { JockerError } from '@jocker/protocol';

/** The file or folder that is meant: a path, or the name of a package that is installed at `from` or above. */
export async function findPlugin(use: string, from: string): Promise<string> {
  const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined;
  const path = resolve(from, use);
  if (await exists(path)) return path;
  if (!isAbsolute(use) && !use.startsWith('.')) {
    for (let at = resolve(from); ; at = dirname(at)) {
      const candidate = join(at, 'node_modules', use);
      if (await exists(join(candidate, 'package.json'))) return candidate;
      if (at === dirname(at)) break;
    }
  }
  throw new JockerError(
    'not-found',
    `there is no plugin ${use}, neither as a file or folder nor as a package installed at ${from} or above`,
  );
}
