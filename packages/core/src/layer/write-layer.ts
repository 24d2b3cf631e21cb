import { JockerError } from '../errors/jocker-error.ts';
import { cleanEntryPath, joinPath, parentOf, showPath } from './byte-path.ts';
import { checkEntryLimits, type LayerLimits } from './layer-limits.ts';
import type { LayerTree } from './layer-tree.ts';
import type { TarHandler } from './tar-reader.ts';
import type { EntryWriter } from './write-entry.ts';

const whiteoutPrefix = '.wh.';
const opaqueName = '.wh..wh..opq';
/** aufs' own files, which some old images carry. */
const aufsPrefix = '.wh..wh.';

export interface LayerHandler extends TarHandler {
  readonly entries: number;
  /** Content of all files. */
  readonly sizeBytes: number;
}

/** Gives the entries of a layer (image-spec layer.md) to the writer, and its whiteouts to the tree. */
export function createLayerHandler(tree: LayerTree, writer: EntryWriter, limits: LayerLimits): LayerHandler {
  const rootBytes = Buffer.byteLength(tree.absolute(''));
  let entries = 0;
  let sizeBytes = 0;

  /** True when the entry is a mark and not a file. */
  function takeMark(path: string): boolean {
    if (!path.includes(whiteoutPrefix)) return false;
    const components = path.split('/');
    const name = components.at(-1) ?? '';
    if (name === opaqueName) {
      tree.makeOpaque(tree.directory(parentOf(path)));
      return true;
    }
    if (components.some((component) => component.startsWith(aufsPrefix))) return true;
    if (components.slice(0, -1).some((component) => component.startsWith(whiteoutPrefix))) {
      throw new JockerError('data-loss', `the layer entry ${showPath(path)} lies below a whiteout`);
    }
    if (!name.startsWith(whiteoutPrefix)) return false;
    const hidden = name.slice(whiteoutPrefix.length);
    // `.wh..` and `.wh...` would name the directory itself and its parent.
    if (hidden === '' || hidden === '.' || hidden === '..') {
      throw new JockerError('data-loss', `the layer has the whiteout ${showPath(path)}, which names nothing`);
    }
    tree.whiteOut(tree.locate(joinPath(parentOf(path), hidden)));
    return true;
  }

  return {
    get entries() {
      return entries;
    },
    get sizeBytes() {
      return sizeBytes;
    },
    onEntry(entry) {
      const path = cleanEntryPath(entry.path);
      checkEntryLimits(limits, entry, path, ++entries, rootBytes);
      // The root is the engine's own.
      if (path === '' || takeMark(path)) return;
      sizeBytes += entry.size;
      writer.begin(entry, path);
    },
    onData: (piece) => writer.data(piece),
    onEntryEnd: () => writer.end(),
  };
}
