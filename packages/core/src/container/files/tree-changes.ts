import { lstatSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs';
import { joinPath, parentOf, toFsPath } from '../../layer/byte-path.ts';
import { createLowerView, type LowerView } from '../../layer/lower-view.ts';
import { isOpaque, isWhiteout } from '../../layer/overlay-marks.ts';

export interface FileChange {
  /** As bytes, without a leading slash. */
  readonly path: string;
  readonly kind: 'modified' | 'added' | 'deleted';
}

export interface FindChangesOptions {
  /** With it: the upper directory of an overlay. Without: the whole tree, compared with `lowerDirectories[0]`. */
  readonly changesDirectory: string | undefined;
  readonly rootPath: string;
  readonly lowerDirectories: readonly string[];
  /** Cleaned, as bytes. */
  readonly mountTargets: readonly string[];
}

interface Compared {
  readonly below: string | undefined;
  readonly isDirectoryBelow: boolean;
}

const look = (path: string): BigIntStats => lstatSync(toFsPath(path), { bigint: true });
const names = (path: string): string[] => readdirSync(toFsPath(path), { encoding: 'latin1' }).toSorted();

/** Whether a directory itself, without its children, is as it was. Its size and times follow its children's. */
function isSameDirectory(now: BigIntStats, before: BigIntStats): boolean {
  return now.mode === before.mode && now.uid === before.uid && now.gid === before.gid;
}

function isSame(nowPath: string, now: BigIntStats, beforePath: string, before: BigIntStats): boolean {
  if (!isSameDirectory(now, before)) return false;
  if (now.isDirectory()) return true;
  if (now.isSymbolicLink())
    return readlinkSync(toFsPath(nowPath), { encoding: 'latin1' }) === readlinkSync(toFsPath(beforePath), { encoding: 'latin1' });
  return now.rdev === before.rdev && now.size === before.size && now.mtimeNs === before.mtimeNs;
}

/**
 * What a container changed, parents before children, each changed path once. A directory counts as modified when its own
 * attributes differ or something was added to or deleted from it. Mount targets were made for the container, not by it.
 */
export function findChanges(options: FindChangesOptions): readonly FileChange[] {
  const isOverlay = options.changesDirectory !== undefined;
  const root = options.changesDirectory ?? options.rootPath;
  const lower = createLowerView(options.lowerDirectories);
  const targets = new Set(options.mountTargets);
  const changes = new Map<string, FileChange['kind']>();

  /** A child that came or went changes its directory, which may have been noted with its own attributes already. */
  function note(path: string, kind: FileChange['kind']): void {
    if (kind !== 'modified') {
      const parent = parentOf(path);
      if (parent !== '' && !changes.has(parent)) changes.set(parent, 'modified');
    }
    changes.set(path, kind);
  }

  function noteTree(path: string): void {
    if (targets.has(path)) return;
    note(path, 'added');
    const place = joinPath(root, path);
    if (!look(place).isDirectory()) return;
    for (const name of names(place)) {
      if (!isOverlay || !isWhiteout(look(joinPath(place, name)))) noteTree(joinPath(path, name));
    }
  }

  function noteMissing(path: string, present: ReadonlySet<string>): void {
    for (const name of namesBelow(lower, path)) {
      if (!present.has(name) && !targets.has(joinPath(path, name))) note(joinPath(path, name), 'deleted');
    }
  }

  function compare(path: string): void {
    if (targets.has(path)) return;
    const place = joinPath(root, path);
    const now = look(place);
    const { below, isDirectoryBelow } = placeBelow(lower, path);
    if (isOverlay && isWhiteout(now)) {
      if (below !== undefined) note(path, 'deleted');
      return;
    }
    if (below === undefined) return noteTree(path);
    const before = look(below);
    if (now.isDirectory() && isDirectoryBelow) {
      if (!isSameDirectory(now, before)) note(path, 'modified');
      return compareChildren(path, place);
    }
    // In an upper directory everything that is no directory was written to.
    if (isOverlay || !isSame(place, now, below, before)) note(path, 'modified');
    if (now.isDirectory()) for (const name of names(place)) noteTree(joinPath(path, name));
  }

  function compareChildren(path: string, place: string): void {
    const present = names(place);
    for (const name of present) compare(joinPath(path, name));
    if (!isOverlay || (path !== '' && isOpaque(place))) noteMissing(path, new Set(present));
  }

  compareChildren('', root);
  // Parents before children, whatever the order in which they were found.
  const order = (path: string): string => path.replaceAll('/', '\0');
  return [...changes].map(([path, kind]) => ({ path, kind })).toSorted((a, b) => (order(a.path) < order(b.path) ? -1 : 1));
}

function placeBelow(lower: LowerView, path: string): Compared {
  const node = lower.find(path);
  if (node === undefined) return { below: undefined, isDirectoryBelow: false };
  return node.kind === 'directory' ? { below: node.places[0], isDirectoryBelow: true } : { below: node.place, isDirectoryBelow: false };
}

function namesBelow(lower: LowerView, path: string): readonly string[] {
  const node = lower.find(path);
  if (node?.kind !== 'directory') return [];
  const candidates = new Set(node.places.flatMap((place) => names(place)));
  return [...candidates].filter((name) => lower.find(joinPath(path, name)) !== undefined);
}
