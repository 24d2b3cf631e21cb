import type { LoadedPluginEntry } from '../engine/engine-options.ts';

export interface LoadingOrder {
  readonly entries: readonly LoadedPluginEntry[];
  /** Those that require each other in a circle, with the circle's names. */
  readonly circles: ReadonlyMap<LoadedPluginEntry, string>;
}

/** The entries in their order, but each one after those that it requires. What is missing fails later, by name. */
export function loadingOrder(entries: readonly LoadedPluginEntry[]): LoadingOrder {
  const byName = new Map(entries.map((entry) => [entry.plugin.name, entry]));
  const ordered = new Set<LoadedPluginEntry>();
  const circles = new Map<LoadedPluginEntry, string>();
  const visit = (entry: LoadedPluginEntry, path: readonly LoadedPluginEntry[]): void => {
    if (ordered.has(entry)) return;
    if (path.includes(entry)) {
      const circle = path.slice(path.indexOf(entry));
      for (const member of circle) circles.set(member, [...circle, entry].map(({ plugin }) => plugin.name).join(' → '));
      return;
    }
    for (const required of entry.plugin.requires ?? []) {
      const found = byName.get(required);
      if (found !== undefined) visit(found, [...path, entry]);
    }
    ordered.add(entry);
  };
  for (const entry of entries) visit(entry, []);
  return { entries: [...ordered], circles };
}
