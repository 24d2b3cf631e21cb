import { JockerError } from '../errors/jocker-error.ts';

/** Readers of parsed JSON that came from outside: each gives a typed value or throws `invalid-argument` with the path. */
export type ForeignObject = Readonly<Record<string, unknown>>;

export function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as unknown;
  } catch (cause) {
    throw new JockerError('invalid-argument', `${what} is not JSON`, { cause });
  }
}

export function asObject(value: unknown, path: string): ForeignObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ForeignObject;
  throw new JockerError('invalid-argument', `${path} is not an object`);
}

export function asArray(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new JockerError('invalid-argument', `${path} is not a list`);
}

export function asString(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw new JockerError('invalid-argument', `${path} is not a text`);
}

/** JSON's null stands for absent in everything that Go writes. */
export function optional<T>(value: unknown, path: string, read: (value: unknown, path: string) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value, path);
}

export function asNumber(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new JockerError('invalid-argument', `${path} is not a number`);
}

export function asSize(value: unknown, path: string): number {
  const size = asNumber(value, path);
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw new JockerError('invalid-argument', `${path} is not a size in bytes`);
}

export function asBoolean(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new JockerError('invalid-argument', `${path} is neither true nor false`);
}

export function asStrings(value: unknown, path: string): readonly string[] {
  return asArray(value, path).map((item, index) => asString(item, `${path}[${index}]`));
}

export function asStringMap(value: unknown, path: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(asObject(value, path)).map(([key, item]) => [key, asString(item, `${path}.${key}`)]));
}
