import { JockerError } from '../errors/jocker-error.ts';
import type { JsonPatchOperation } from './spec-step.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * A deep copy of what JSON would keep: members that are `undefined` are left out. Throws `invalid-argument` for what JSON
 * cannot say (functions, NaN, dates, cycles) and for the member name `__proto__`, which an assignment would not store.
 */
export function cloneJson<T>(value: T): T {
  return cloneAt(value, '', 0) as T;
}

const maximumDepth = 64;

function cloneAt(value: unknown, path: string, depth: number): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (depth > maximumDepth) throw notJson(path);
  if (Array.isArray(value)) return value.map((item, index) => cloneAt(item, `${path}/${index}`, depth + 1));
  if (typeof value !== 'object') throw notJson(path);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw notJson(path);
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') throw notJson(`${path}/${key}`);
    if (member !== undefined) copy[key] = cloneAt(member, `${path}/${key}`, depth + 1);
  }
  return copy;
}

function notJson(path: string): JockerError {
  return new JockerError('invalid-argument', `the value at ${path === '' ? '/' : path} is not JSON`);
}

/** The operations that turn `before` into `after`; none when they are equal. Both must be plain JSON. */
export function diffJson(before: unknown, after: unknown): JsonPatchOperation[] {
  const operations: JsonPatchOperation[] = [];
  compare(before, after, '', operations);
  return operations;
}

function compare(before: unknown, after: unknown, path: string, operations: JsonPatchOperation[]): void {
  if (before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) compareArrays(before, after, path, operations);
  else if (isObject(before) && isObject(after)) compareObjects(before, after, path, operations);
  else operations.push({ op: 'replace', path, value: after });
}

function compareObjects(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  path: string,
  operations: JsonPatchOperation[],
): void {
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) operations.push({ op: 'remove', path: `${path}/${escapeToken(key)}` });
  }
  for (const [key, value] of Object.entries(after)) {
    const child = `${path}/${escapeToken(key)}`;
    if (Object.hasOwn(before, key)) compare(before[key], value, child, operations);
    else operations.push({ op: 'add', path: child, value });
  }
}

/** What both ends share is left alone, so that an element put in the middle is one `add` and not a rewrite of the rest. */
function compareArrays(before: readonly unknown[], after: readonly unknown[], path: string, operations: JsonPatchOperation[]): void {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && equalJson(before[start], after[start])) start += 1;
  let tail = 0;
  while (tail < shorter - start && equalJson(before[before.length - 1 - tail], after[after.length - 1 - tail])) tail += 1;
  const beforeEnd = before.length - tail;
  const afterEnd = after.length - tail;
  const shared = Math.min(beforeEnd, afterEnd);
  for (let index = start; index < shared; index += 1) compare(before[index], after[index], `${path}/${index}`, operations);
  for (let index = beforeEnd - 1; index >= shared; index -= 1) operations.push({ op: 'remove', path: `${path}/${index}` });
  for (let index = shared; index < afterEnd; index += 1) operations.push({ op: 'add', path: `${path}/${index}`, value: after[index] });
}

function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) || Array.isArray(right)) {
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => equalJson(item, right[index]))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && equalJson(left[key], right[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escapeToken(key: string): string {
  return key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
}
