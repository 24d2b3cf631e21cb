import { parentOf } from '../../layer/byte-path.ts';
import { createArchiveOutput, createArchiveWalk } from './archive-from-root.ts';
import { baseOf, cleanContainerPath, pin, pinParent } from './in-root.ts';
import type { FileChange } from './tree-changes.ts';

/**
 * `docker cp CONTAINER:path -`: entries stand under the last component of the path as it was asked for. `path/.` means the
 * content of a directory (under `./`), a slash at the end a directory or a link to one, and the root's entries begin with
 * a slash: docker's client renames by these beginnings.
 */
export function readArchiveFromRoot(rootFd: number, path: string, outputFd: number): void {
  const output = createArchiveOutput(outputFd);
  const walk = createArchiveWalk(output, { crossMounts: true });
  const clean = cleanContainerPath(path);
  const isContent = /(^|\/)\.$/.test(path);
  if (clean !== '' && !isContent && !path.endsWith('/')) {
    using parent = pinParent(rootFd, clean);
    walk.tree(parent.fd, baseOf(clean), baseOf(clean));
  } else {
    using directory = pin(rootFd, clean, { followLink: true, directory: true });
    walk.tree(directory.fd, '.', isContent ? '.' : baseOf(clean));
  }
  output.end();
}

/** `docker export`: what the container's own file system has, without what is mounted in it. */
export function exportRoot(rootFd: number, outputFd: number): void {
  const output = createArchiveOutput(outputFd);
  using root = pin(rootFd, '', { followLink: true, directory: true });
  createArchiveWalk(output, { crossMounts: false }).children(root, '');
  output.end();
}

/** What changed, as an OCI layer: `.wh.` entries for what is gone. */
export function writeChangesLayer(rootFd: number, changes: readonly FileChange[], outputFd: number): void {
  const output = createArchiveOutput(outputFd);
  const walk = createArchiveWalk(output, { crossMounts: false });
  for (const { path, kind } of changes) {
    if (kind === 'deleted') {
      const parent = parentOf(path);
      output.writeEmptyFile(`${parent === '' ? '' : `${parent}/`}.wh.${baseOf(path)}`);
      continue;
    }
    using parent = pinParent(rootFd, path);
    walk.single(parent.fd, baseOf(path), path);
  }
  output.end();
}
