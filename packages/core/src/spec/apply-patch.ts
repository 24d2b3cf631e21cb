import { JockerError } from '../errors/jocker-error.ts';
import { cloneJson } from './json-patch-diff.ts';
import type { JsonPatchOperation } from './spec-step.ts';

/** The document with the operations applied in order (RFC 6902); the argument stays as it is. Throws `invalid-argument` for a path that is not there. */
export function applyPatch(document: unknown, patch: readonly JsonPatchOperation[]): unknown {
  let root: unknown = cloneJson(document);
  for (const operation of patch) {
    const tokens = tokensOf(operation.path);
    const last = tokens.pop();
    if (last === undefined) {
      root = operation.op === 'remove' ? undefined : cloneJson(operation.value);
      continue;
    }
    let target = root;
    for (const token of tokens) target = memberOf(target, token, operation.path);
    if (Array.isArray(target)) changeArray(target, last, operation);
    else changeObject(target, last, operation);
  }
  return root;
}

function changeArray(target: unknown[], token: string, operation: JsonPatchOperation): void {
  const end = operation.op === 'add' ? target.length : target.length - 1;
  const index = token === '-' ? target.length : indexOf(token);
  if (index === undefined || index > end) throw missing(operation.path);
  if (operation.op === 'remove') target.splice(index, 1);
  else target.splice(index, operation.op === 'add' ? 0 : 1, cloneJson(operation.value));
}

function changeObject(target: unknown, token: string, operation: JsonPatchOperation): void {
  if (typeof target !== 'object' || target === null || token === '__proto__') throw missing(operation.path);
  const record = target as Record<string, unknown>;
  if (operation.op !== 'add' && !Object.hasOwn(record, token)) throw missing(operation.path);
  if (operation.op === 'remove') delete record[token];
  else record[token] = cloneJson(operation.value);
}

function memberOf(value: unknown, token: string, path: string): unknown {
  const key = Array.isArray(value) ? indexOf(token) : token;
  if (typeof value !== 'object' || value === null || key === undefined || !Object.hasOwn(value, key)) throw missing(path);
  return (value as Record<string | number, unknown>)[key];
}

function tokensOf(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw new JockerError('invalid-argument', `"${path}" is not a JSON pointer`);
  return path
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function indexOf(token: string): number | undefined {
  return /^(0|[1-9][0-9]{0,8})$/.test(token) ? Number(token) : undefined;
}

function missing(path: string): JockerError {
  return new JockerError('invalid-argument', `the patch path ${path} does not exist`);
}
