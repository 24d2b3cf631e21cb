import { JockerError } from '../errors/jocker-error.ts';
import type { JsonPatchOperation } from './spec-step.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * A deep copy of what JSON would keep: members that are `undefined` are left out. Throws `invalid-argument` for what JSON
 * cannot say (functions, NaN, dates, cycles) and for the member name `__proto__`, which an assignment would not store.
 */
export function cloneJson<T>(value: T): T {
  const path: string[] = [];
  if (!isJson(value, path)) throw new JockerError('invalid-argument', `the value at /${path.toReversed().join('/')} is not JSON`);
  return copy(value) as T;
}

const maximumDepth = 64;

/** Leaves where the first wrong value is, innermost name first. */
function isJson(value: unknown, path: string[], depth = 0): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth > maximumDepth) return false;
  if (!Array.isArray(value)) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return false;
  }
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    const wanted = member !== undefined || Array.isArray(value);
    if (key !== '__proto__' && (!wanted || isJson(member, path, depth + 1))) continue;
    path.push(key);
    return false;
  }
  return true;
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) result[key] = copy(member);
  }
  return result;
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
  for (const key of Object.keys(after)) {
    const value = after[key];
    if (before[key] === value && value !== undefined) continue;
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
