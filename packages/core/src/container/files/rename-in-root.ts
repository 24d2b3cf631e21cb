import { lstatSync, readlinkSync, renameSync } from 'node:fs';
import { JockerError } from '../../errors/jocker-error.ts';
import { cleanEntryPath, parentOf, showPath, toFsPath } from '../../layer/byte-path.ts';
import { createTarReader } from '../../layer/tar-reader.ts';
import { createEntryWriter } from '../../layer/write-entry.ts';
import { createArchiveWalk } from './archive-from-root.ts';
import { baseOf, pinParent } from './in-root.ts';
import { createLiveTree } from './live-tree.ts';
import { removeTree } from './remove-in-root.ts';

type Place = ReturnType<typeof pinParent>;

/** What says that the place is taken by something that rename(2) does not replace. */
const inTheWay = new Set(['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR']);

/** Where it really lies, whatever symlinks led there; for comparing. */
function realPath(place: Place): string {
  return `${readlinkSync(place.path, { encoding: 'latin1' })}/${baseOf(place.child)}/`;
}

/** As an archive that is extracted while it is made: nothing of it is ever whole in memory. */
function copyTree(rootFd: number, source: Place, to: string): void {
  using tree = createLiveTree({ rootFd, target: parentOf(to), noOverwriteDirNonDir: true });
  using writer = createEntryWriter(tree, () => undefined);
  const reader = createTarReader({
    onEntry: (entry) => writer.begin(entry, cleanEntryPath(entry.path)),
    onData: (piece) => writer.data(piece),
    onEntryEnd: () => writer.end(),
  });
  createArchiveWalk({ write: (bytes) => reader.push(bytes) }, { crossMounts: false }).tree(source.fd, baseOf(source.child), baseOf(to));
  reader.end();
  tree.finish();
}

export function renameInRoot(rootFd: number, from: string, to: string, overwrite: boolean): void {
  using source = pinParent(rootFd, from);
  using target = pinParent(rootFd, to);
  const [oldPath, newPath] = [toFsPath(source.child), toFsPath(target.child)];
  // Before anything is removed for it.
  lstatSync(oldPath);
  const [oldReal, newReal] = [realPath(source), realPath(target)];
  if (oldReal === newReal) return;
  if (oldReal.startsWith(newReal) || newReal.startsWith(oldReal)) {
    throw new JockerError('invalid-argument', `${showPath(`/${from}`)} and ${showPath(`/${to}`)} lie in each other`);
  }
  if (!overwrite && lstatSync(newPath, { throwIfNoEntry: false }) !== undefined) {
    throw new JockerError('already-exists', `${showPath(`/${to}`)}: it is there already`);
  }
  try {
    renameSync(oldPath, newPath);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (overwrite && inTheWay.has(code)) {
      removeTree(target.fd, baseOf(to));
      return renameInRoot(rootFd, from, to, false);
    }
    // Another mount, or a directory of the image, which overlay does not rename (redirect_dir=off): mv(1) copies too.
    if (code !== 'EXDEV') throw error;
    if (overwrite && lstatSync(newPath, { throwIfNoEntry: false }) !== undefined) removeTree(target.fd, baseOf(to));
    copyTree(rootFd, source, to);
    removeTree(source.fd, baseOf(from));
  }
}
