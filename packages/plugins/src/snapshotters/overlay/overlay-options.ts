import { join } from 'node:path';
import { JockerError } from '@jocker/core';

/** mount(2) takes one page, with the NUL. */
const maximumOptionBytes = 4095;

/**
 * Without these a renamed or touched folder would be a reference into the layer below, and what a container wrote could no
 * longer be read from its upper folder alone; `index` would forbid to use one layer in two mounts with another upper.
 */
const plainFormat = ['index=off', 'redirect_dir=off', 'metacopy=off'];

export interface OverlayFolders {
  /** Ids, top first. */
  readonly layers: readonly string[];
  readonly upper?: string;
  readonly work?: string;
}

/**
 * The options of an overlay mount. Layers go by their own path, or by a shorter link to their folder when all of them
 * would not fit otherwise.
 */
export function overlayOptions(folders: OverlayFolders, layersDirectory: string, shortcut: string | undefined, empty: string): string[] {
  const direct = optionsWith(folders, layersDirectory, empty);
  if (lengthOf(direct) <= maximumOptionBytes) return direct;
  const short = shortcut === undefined ? direct : optionsWith(folders, shortcut, empty);
  if (lengthOf(short) <= maximumOptionBytes) return short;
  throw new JockerError(
    'unsupported',
    `${folders.layers.length} layers below ${layersDirectory} do not fit into the ${maximumOptionBytes} bytes of mount options: use a shorter data root`,
  );
}

function optionsWith({ layers, upper, work }: OverlayFolders, base: string, empty: string): string[] {
  const lower = layers.map((id) => join(base, id));
  // An overlay without an upper needs two below it, one with an upper needs one; a bind mount would show whiteouts as devices.
  if (lower.length === 0 || (lower.length === 1 && upper === undefined)) lower.push(empty);
  const options = [`lowerdir=${lower.join(':')}`];
  if (upper === undefined || work === undefined) options.push('ro');
  else options.push(`upperdir=${upper}`, `workdir=${work}`);
  return [...options, ...plainFormat];
}

function lengthOf(options: readonly string[]): number {
  return Buffer.byteLength(options.join(','));
}
