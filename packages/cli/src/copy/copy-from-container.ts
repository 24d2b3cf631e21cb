import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import type { JockerClient } from '@jocker/client';
import { JockerError } from '@jocker/protocol';
import { meansContent, withRoot, type ContainerPath } from './container-path.ts';

/** docker's rules: into a directory that is there, else to that very name. `-` is a tar on stdout. */
export async function copyFromContainer(client: JockerClient, { container, path }: ContainerPath, destination: string): Promise<void> {
  const base = posix.basename(posix.resolve('/', path));
  const source = await client.containers.files.readArchive(container, posix.resolve('/', path));
  if (destination === '-') return pipeline(source.archive, process.stdout, { end: false });
  const target = resolve(destination);
  const there = await stat(target).catch(() => undefined);
  const isDirectory = source.stat.type === 'directory';
  if (there?.isDirectory() !== true) {
    if (isDirectory && there !== undefined)
      throw new JockerError('invalid-argument', `${destination} is a file, and a directory cannot be copied over it`);
    if (!isDirectory && destination.endsWith('/')) throw new JockerError('invalid-argument', `there is no directory ${destination}`);
    if ((await stat(dirname(target)).catch(() => undefined))?.isDirectory() !== true) {
      throw new JockerError('invalid-argument', `there is no directory ${dirname(target)}`);
    }
  }
  const intoDirectory = there?.isDirectory() === true;
  const content = isDirectory && meansContent(path);
  const directory = intoDirectory ? target : dirname(target);
  const root = content && intoDirectory ? '' : intoDirectory ? base : basename(target);
  if (isDirectory) await mkdir(join(directory, root), { recursive: true });
  // The archive is the container's word: tar leaves out what would land outside `directory`.
  await pipeline(
    source.archive,
    extract({
      cwd: directory,
      preserveOwner: false,
      strict: false,
      onReadEntry: (entry) => void (entry.path = withRoot(entry.path, base, root)),
    }),
  );
}
