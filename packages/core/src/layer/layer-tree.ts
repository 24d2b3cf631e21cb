import { chmodSync, copyFileSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, type Stats } from 'node:fs';
import { JockerError } from '../errors/jocker-error.ts';
import { joinPath, parentOf, showPath, toFsPath } from './byte-path.ts';
import { applyMetadata, applyTimes, readMetadata, type Warn } from './entry-metadata.ts';
import type { LowerNode, LowerView } from './lower-view.ts';
import { isWhiteout, markOpaque, writeWhiteout } from './overlay-marks.ts';
import type { EntryTree } from './write-entry.ts';

/** As the kernel's limit of symlinks in one resolution. */
const mostSymlinks = 40;

/**
 * The directory that a layer is applied into, and where paths lead in it. Paths are relative to it and cleaned.
 *
 * Every component is looked at with lstat before it is passed through, and symlinks are followed by this code, inside the
 * root; what was found to be a real directory is remembered. Nobody else writes into the directory while the layer is
 * applied (it is private to the engine), so what was looked at stays so until this code itself changes it.
 */
export interface LayerTree extends EntryTree {
  /** The real path of a directory, made with its parents when missing; symlinks on the way are followed inside the root. */
  directory(path: string): string;
  /** Hides what lower layers have at the path; what this layer brought stays. */
  whiteOut(path: string): void;
  /** Hides what lower layers have inside the directory. */
  makeOpaque(path: string): void;
  /** After the last entry: the times of directories. */
  finish(): void;
}

export function createLayerTree(options: {
  readonly directory: string;
  /** `plain`: the directory holds the lower layers' files too. */
  readonly whiteouts: 'overlay' | 'plain';
  /** What lies below, in overlay form; absent when nothing is known of it. */
  readonly lower: LowerView | undefined;
  /** Nothing lies below: whiteouts have no meaning. */
  readonly isBottom: boolean;
  readonly warn: Warn;
}): LayerTree {
  const { directory: root, whiteouts, lower, isBottom, warn } = options;
  const inOverlay = whiteouts === 'overlay';
  /** By path as asked for: the real path. Only while no directory and no symlink was replaced. */
  const resolved = new Map<string, string>([['', '']]);
  /** Symlinks of lower layers that a remembered path went through. */
  const followedBelow = new Set<string>();
  const opaque = new Set<string>();
  const touched = new Set<string>();
  const directoryTimes = new Map<string, bigint>();

  const absolute = (path: string): string => (path === '' ? root : `${root}/${path}`);
  const stat = (path: string): Stats | undefined => lstatSync(toFsPath(absolute(path)), { throwIfNoEntry: false });

  function isHiddenBelow(path: string): boolean {
    if (opaque.size === 0) return false;
    for (let ancestor = path; ancestor !== ''; ancestor = parentOf(ancestor)) {
      if (opaque.has(parentOf(ancestor))) return true;
    }
    return false;
  }

  function findBelow(path: string): LowerNode | undefined {
    return lower === undefined || isHiddenBelow(path) ? undefined : lower.find(path);
  }

  function makeOpaque(path: string): void {
    if (inOverlay && !isBottom) markOpaque(absolute(path));
    opaque.add(path);
  }

  function makeMissing(path: string, model: LowerNode | undefined, hides: boolean): void {
    const target = absolute(path);
    mkdirSync(toFsPath(target), 0o755);
    if (hides) makeOpaque(path);
    const place = model?.kind === 'directory' ? model.places[0] : undefined;
    if (place === undefined) {
      chmodSync(toFsPath(target), 0o755);
      return;
    }
    const metadata = readMetadata(place);
    applyMetadata(target, metadata, {}, warn);
    directoryTimes.set(path, metadata.mtimeNs);
  }

  /** Where one component leads: undefined when it is (now) a directory, else the target of the symlink that it is. */
  function enter(path: string): string | undefined {
    const found = stat(path);
    if (found?.isDirectory()) return undefined;
    if (found?.isSymbolicLink()) return readlinkSync(toFsPath(absolute(path)), { encoding: 'latin1' });
    if (found !== undefined && !(inOverlay && isWhiteout(found))) {
      throw new JockerError('data-loss', `a layer entry lies below ${showPath(path)}, which is not a directory`);
    }
    if (found !== undefined) rmSync(toFsPath(absolute(path)));
    const below = found === undefined ? findBelow(path) : undefined;
    if (below?.kind === 'symlink') {
      followedBelow.add(path);
      return below.target;
    }
    if (below?.kind === 'other') throw new JockerError('data-loss', `a layer entry lies below ${showPath(path)}, which is not a directory`);
    makeMissing(path, below, found !== undefined);
    return undefined;
  }

  function resolve(path: string): string {
    let current = '';
    let pending = path.split('/');
    let symlinks = 0;
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        current = parentOf(current);
        continue;
      }
      const next = joinPath(current, name);
      const target = enter(next);
      if (target === undefined) {
        current = next;
        continue;
      }
      if (++symlinks > mostSymlinks) throw new JockerError('data-loss', `the layer path ${showPath(path)} has too many symlinks`);
      if (target.startsWith('/')) current = '';
      pending = [...target.split('/'), ...pending];
    }
    return current;
  }

  function directory(path: string): string {
    const before = resolved.get(path);
    if (before !== undefined) return before;
    const result = resolve(path);
    resolved.set(path, result);
    return result;
  }

  function forget(path: string): void {
    resolved.clear();
    resolved.set('', '');
    followedBelow.clear();
    for (const known of directoryTimes.keys()) {
      if (known === path || known.startsWith(`${path}/`)) directoryTimes.delete(known);
    }
    for (const known of opaque) {
      if (known === path || known.startsWith(`${path}/`)) opaque.delete(known);
    }
  }

  function removeTree(path: string): void {
    rmSync(toFsPath(absolute(path)), { recursive: true, force: true });
    forget(path);
  }

  /** Of a directory that this layer touched: what lower layers brought goes. */
  function removeUntouched(path: string): void {
    for (const name of readdirSync(toFsPath(absolute(path)), { encoding: 'latin1' })) {
      const child = joinPath(path, name);
      if (!touched.has(child)) removeTree(child);
      else if (stat(child)?.isDirectory()) removeUntouched(child);
    }
  }

  /** A file that only lower layers have is copied here, so that it can be linked to. */
  function copyUp(path: string): boolean {
    const below = findBelow(path);
    if (below?.kind !== 'other' || !lstatSync(toFsPath(below.place)).isFile()) return false;
    const target = absolute(path);
    copyFileSync(toFsPath(below.place), toFsPath(target));
    const metadata = readMetadata(below.place);
    applyMetadata(target, metadata, {}, warn);
    applyTimes(target, metadata.mtimeNs);
    return true;
  }

  return {
    directory,
    absolute,
    makeOpaque(path) {
      if (inOverlay) makeOpaque(path);
      else removeUntouched(path);
    },
    locate(path) {
      const parent = directory(parentOf(path));
      return joinPath(parent, path.slice(path.lastIndexOf('/') + 1));
    },
    clear(path) {
      const found = stat(path);
      if (found === undefined) return;
      if (found.isDirectory() || found.isSymbolicLink()) removeTree(path);
      else rmSync(toFsPath(absolute(path)));
    },
    makeDirectory(path) {
      const found = stat(path);
      if (found?.isDirectory()) return;
      if (found !== undefined) {
        rmSync(toFsPath(absolute(path)));
        forget(path);
      }
      mkdirSync(toFsPath(absolute(path)), 0o700);
      // In place of a whiteout, or of what this layer first had here: what lower layers have stays hidden.
      if (found !== undefined && inOverlay) makeOpaque(path);
    },
    whiteOut(path) {
      if (isBottom) return;
      const found = stat(path);
      if (inOverlay) {
        if (found === undefined) writeWhiteout(absolute(path));
        else if (found.isDirectory()) makeOpaque(path);
      } else if (found !== undefined) {
        if (!touched.has(path)) removeTree(path);
        else if (found.isDirectory()) removeUntouched(path);
      }
    },
    isLinkable(path) {
      const found = stat(path);
      return found === undefined ? copyUp(path) : !found.isDirectory() && !(inOverlay && isWhiteout(found));
    },
    touch(path) {
      if (followedBelow.has(path)) forget(path);
      if (inOverlay) return;
      for (let each = path; each !== '' && !touched.has(each); each = parentOf(each)) touched.add(each);
    },
    setDirectoryTime(path, mtimeNs) {
      directoryTimes.set(path, mtimeNs);
    },
    finish() {
      for (const [path, mtimeNs] of directoryTimes) applyTimes(absolute(path), mtimeNs);
    },
  };
}
