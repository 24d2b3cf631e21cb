import { asArray, asObject, asString, JockerError, parseJson } from '@jocker/core';

/** Values by filter name. */
export interface Filters {
  get(name: string): readonly string[];
  has(name: string): boolean;
  /** True when the filter is absent, or one of its values suits. */
  any(name: string, suits: (value: string) => boolean): boolean;
  /** True when all values of the filter suit. */
  all(name: string, suits: (value: string) => boolean): boolean;
  /** A filter that is true or false. Throws `invalid-argument` for anything else. */
  flag(name: string): boolean | undefined;
}

/** `{"name":{"web":true}}`, or the old form `{"name":["web"]}`. Throws `invalid-argument`. */
export function parseFilters(text: string | undefined, allowed: readonly string[]): Filters {
  const values = new Map<string, readonly string[]>();
  if (text !== undefined) {
    for (const [name, given] of Object.entries(asObject(parseJson(Buffer.from(text), 'filters'), 'filters'))) {
      if (!allowed.includes(name)) throw new JockerError('invalid-argument', `invalid filter '${name.slice(0, 60)}'`);
      const list = Array.isArray(given)
        ? asArray(given, `filters.${name}`).map((value) => asString(value, `filters.${name}`))
        : Object.entries(asObject(given, `filters.${name}`)).flatMap(([value, on]) => (on === true ? [value] : []));
      if (list.length > 0) values.set(name, list);
    }
  }
  const get = (name: string): readonly string[] => values.get(name) ?? [];
  return {
    get,
    has: (name) => values.has(name),
    any: (name, suits) => !values.has(name) || get(name).some(suits),
    all: (name, suits) => get(name).every(suits),
    flag(name) {
      const [value] = get(name);
      if (value === undefined) return undefined;
      if (['1', 'true', 'True'].includes(value)) return true;
      if (['0', 'false', 'False'].includes(value)) return false;
      throw new JockerError('invalid-argument', `invalid filter '${name}=${value.slice(0, 60)}'`);
    },
  };
}

/** `key` or `key=value`. */
export function matchesLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf('=');
  return at < 0 ? Object.hasOwn(labels, wanted) : labels[wanted.slice(0, at)] === wanted.slice(at + 1);
}
