import { JockerError } from '../errors/jocker-error.ts';
import type { PluginEntry } from '../engine/engine-options.ts';

/** The entries in their order, but each one after those that it requires. Throws for a cycle; what is missing fails later, by name. */
export function loadingOrder(entries: readonly PluginEntry[]): readonly PluginEntry[] {
  const byName = new Map(entries.map((entry) => [entry.plugin.name, entry]));
  const ordered = new Set<PluginEntry>();
  const visit = (entry: PluginEntry, path: readonly string[]): void => {
    if (ordered.has(entry)) return;
    const { name, requires = [] } = entry.plugin;
    if (path.includes(name)) {
      throw new JockerError('invalid-argument', `plugins require each other in a circle: ${[...path, name].join(' → ')}`);
    }
    for (const required of requires) {
      const found = byName.get(required);
      if (found !== undefined) visit(found, [...path, name]);
    }
    ordered.add(entry);
  };
  for (const entry of entries) visit(entry, []);
  return [...ordered];
}
