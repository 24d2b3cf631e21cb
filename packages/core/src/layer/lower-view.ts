import { lstatSync, readlinkSync } from 'node:fs';
import { joinPath, parentOf, toFsPath } from './byte-path.ts';
import { isOpaque, isWhiteout } from './overlay-marks.ts';

export type LowerNode =
  | { readonly kind: 'directory'; /** Where it lies, upper-most first. */ readonly places: readonly string[] }
  | { readonly kind: 'symlink'; readonly place: string; readonly target: string }
  | { readonly kind: 'other'; readonly place: string };

/** The merged read-only view of an image's lower layers, as overlayfs would show it, without mounting them. */
export interface LowerView {
  find(path: string): LowerNode | undefined;
}

/** `layers`: directories in overlay form, upper-most first. Their content does not change while this lives. */
export function createLowerView(layers: readonly string[]): LowerView {
  const known = new Map<string, LowerNode | undefined>();

  function look(path: string): LowerNode | undefined {
    if (path === '') return { kind: 'directory', places: layers };
    const parent = find(parentOf(path));
    if (parent?.kind !== 'directory') return undefined;
    const name = path.slice(path.lastIndexOf('/') + 1);
    const places: string[] = [];
    for (const directory of parent.places) {
      const place = joinPath(directory, name);
      const stat = lstatSync(toFsPath(place), { throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (stat.isDirectory()) {
        places.push(place);
        if (isOpaque(place)) break;
        continue;
      }
      if (places.length > 0 || isWhiteout(stat)) break;
      if (!stat.isSymbolicLink()) return { kind: 'other', place };
      return { kind: 'symlink', place, target: readlinkSync(toFsPath(place), { encoding: 'latin1' }) };
    }
    return places.length === 0 ? undefined : { kind: 'directory', places };
  }

  function find(path: string): LowerNode | undefined {
    if (!known.has(path)) known.set(path, look(path));
    return known.get(path);
  }
  return { find };
}
