import { lstat } from 'node:fs/promises';
import { posix, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { create } from 'tar';
import type { JockerClient } from '@jocker/client';
import { isJockerError, JockerError, type FileStat } from '@jocker/protocol';
import { meansContent, withRoot, type ContainerPath } from './container-path.ts';

/** docker's rules: into a directory that is there, else to that very name. `-` is a tar from stdin. */
export async function copyToContainer(
  client: JockerClient,
  source: string,
  { container, path }: ContainerPath,
  options: { readonly copyOwner: boolean },
): Promise<void> {
  const { files } = client.containers;
  if (source === '-') return files.writeArchive(container, path, process.stdin, options);
  const from = resolve(source);
  const found = await lstat(from).catch(() => undefined);
  if (found === undefined) throw new JockerError('invalid-argument', `there is no file or directory ${source}`);
  const there = await statOrUndefined(() => files.stat(container, path, { followLink: true }));
  const intoDirectory = there?.type === 'directory';
  if (!intoDirectory && there !== undefined && found.isDirectory()) {
    throw new JockerError('invalid-argument', `${path} is a file in the container, and a directory cannot be copied over it`);
  }
  if (there === undefined && !found.isDirectory() && path.endsWith('/')) {
    throw new JockerError('invalid-argument', `there is no directory ${path} in the container`);
  }
  const directory = intoDirectory ? path : posix.dirname(posix.resolve('/', path));
  const root = intoDirectory ? (found.isDirectory() && meansContent(source) ? '' : posix.basename(from)) : posix.basename(path);
  const archive = create(
    { cwd: posix.dirname(from), onWriteEntry: (entry) => void (entry.path = withRoot(entry.path, posix.basename(from), root)) },
    [`./${posix.basename(from)}`],
  );
  await files.writeArchive(container, directory, Readable.from(archive), options);
}

async function statOrUndefined(stat: () => Promise<FileStat>): Promise<FileStat | undefined> {
  try {
    return await stat();
  } catch (error) {
    if (isJockerError(error, 'not-found') && (error.details['reason'] ?? '') !== 'no-such-container') return undefined;
    throw error;
  }
}
