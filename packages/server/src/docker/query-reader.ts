import { JockerError } from '@jocker/core';
import { parseFilters, type Filters } from './translate/filters.ts';

/** Query parameters as Docker reads them: `1`, `true`, `True` are true; an empty value is an absent one. */
export interface QueryReader {
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string, fallback?: boolean): boolean;
  /** Throws `invalid-argument` for what is no whole number. */
  number(name: string): number | undefined;
  filters(allowed: readonly string[]): Filters;
}

export function createQueryReader(url: string): QueryReader {
  const mark = url.indexOf('?');
  const values = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  const text = (name: string): string | undefined => values.get(name) || undefined;
  return {
    text,
    texts: (name) => values.getAll(name).filter((value) => value !== ''),
    flag(name, fallback = false) {
      const value = values.get(name);
      return value === null || value === '' ? fallback : !['0', 'no', 'false', 'none'].includes(value.trim().toLowerCase());
    },
    number(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      if (!/^-?\d{1,15}$/.test(value))
        throw new JockerError('invalid-argument', `${name} must be a whole number, not "${value.slice(0, 40)}"`);
      return Number(value);
    },
    filters: (allowed) => parseFilters(text('filters'), allowed),
  };
}
