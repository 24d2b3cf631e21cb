import { JockerError, optional, type ForeignObject } from '@jocker/core';

/** Reads a foreign object field by field and knows which fields nobody read. */
export interface FieldReader {
  /** Reads a field that is there and not null. */
  take<T>(name: string, read: (value: unknown, path: string) => T, use: (value: T) => void): void;
  /** Fields that mean nothing here, whatever they say. */
  ignore(...names: readonly string[]): void;
  /** A field that must be absent, empty, or one of `harmless`. Throws `unsupported`. */
  refuse(name: string, why: string, harmless?: readonly unknown[]): void;
  warn(text: string): void;
  /** A warning for each field that is there and that nobody read. */
  finish(): readonly string[];
}

export function createFieldReader(object: ForeignObject, path: string): FieldReader {
  const seen = new Set<string>();
  const warnings: string[] = [];
  return {
    take(name, read, use) {
      seen.add(name);
      const value = optional(object[name], `${path}.${name}`, read);
      if (value !== undefined) use(value);
    },
    ignore(...names) {
      for (const name of names) seen.add(name);
    },
    refuse(name, why, harmless = []) {
      seen.add(name);
      const value = object[name];
      if (!isEmpty(value) && !harmless.includes(value)) throw new JockerError('unsupported', why);
    },
    warn(text) {
      warnings.push(text);
    },
    finish() {
      const unread = Object.keys(object).filter((name) => !seen.has(name) && !isEmpty(object[name]));
      return [...warnings, ...unread.map((name) => `${path}.${name.slice(0, 60)} is not known here and has no effect`)];
    },
  };
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
