const patterns: readonly (readonly [string, RegExp])[] = [
  ['time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/],
  ['digest', /^sha256:[0-9a-f]{64}$/],
  ['id', /^[0-9a-f]{64}$/],
];

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'empty array';
  if (typeof value === 'object') return 'empty object';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  if (typeof value === 'string') return patterns.find(([, pattern]) => pattern.test(value))?.[0] ?? 'string';
  return typeof value;
}

/** Paths and types of a JSON value: `State.Running: boolean`, `Mounts[].Type: string`; elements of one array are joined. */
export function shapeOf(value: unknown, exact: readonly string[] = []): Readonly<Record<string, string>> {
  const found = new Map<string, Set<string>>();
  const isExact = (path: string): boolean =>
    exact.some((prefix) => path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`));
  const walk = (item: unknown, path: string): void => {
    if (typeof item === 'object' && item !== null && Object.keys(item).length > 0) {
      for (const [key, inner] of Object.entries(item))
        walk(inner, Array.isArray(item) ? `${path}[]` : path === '' ? key : `${path}.${key}`);
      return;
    }
    const types = found.get(path) ?? new Set<string>();
    found.set(path, types.add(isExact(path) && typeof item !== 'object' ? `=${JSON.stringify(item)}` : typeOf(item)));
  };
  walk(value, '');
  return Object.fromEntries(
    [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([path, types]) => [path, [...types].toSorted().join(' | ')]),
  );
}
