import type { JsonPatchOperation, SpecStep } from '@jocker/protocol';

/** The spec after the first `count` steps. */
export function specAfter(steps: readonly SpecStep[], count: number): unknown {
  const root: { value: unknown } = { value: {} };
  for (const step of steps.slice(0, count)) for (const operation of step.patch) applyOperation(root, operation);
  return root.value;
}

/**
 * The final spec as JSON with comments: behind each value that a mutator other than its parent's set stands who set it.
 * The last one to touch a value is the one that is named.
 */
export function blameSpec(steps: readonly SpecStep[]): string {
  const setBy = new Map<string, string>();
  for (const step of steps) {
    for (const operation of step.patch) {
      for (const path of setBy.keys()) if (path === operation.path || path.startsWith(`${operation.path}/`)) setBy.delete(path);
      if (operation.op !== 'remove') setBy.set(operation.path, step.mutator);
    }
  }
  return `${printValue(specAfter(steps, steps.length), '', '', setBy)}\n`;
}

function printValue(value: unknown, path: string, indent: string, setBy: ReadonlyMap<string, string>, tail = ''): string {
  const author = setBy.get(path);
  const note = author === undefined ? '' : ` // set by ${author}`;
  if (value === null || typeof value !== 'object') return `${JSON.stringify(value)}${tail}${note}`;
  const isArray = Array.isArray(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return `${isArray ? '[]' : '{}'}${tail}${note}`;
  const inner = `${indent}  `;
  const lines = entries.map(([key, child], index) => {
    const text = printValue(child, `${path}/${escapePointer(key)}`, inner, setBy, index < entries.length - 1 ? ',' : '');
    return `${inner}${isArray ? '' : `${JSON.stringify(key)}: `}${text}`;
  });
  return `${isArray ? '[' : '{'}${note}\n${lines.join('\n')}\n${indent}${isArray ? ']' : '}'}${tail}`;
}

const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
const unescapePointer = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~');

function applyOperation(root: { value: unknown }, operation: JsonPatchOperation): void {
  const keys = operation.path.split('/').slice(1).map(unescapePointer);
  const last = keys.pop();
  if (last === undefined) {
    root.value = operation.op === 'remove' ? undefined : structuredClone(operation.value);
    return;
  }
  let target: unknown = root.value;
  for (const key of keys) target = (target as Record<string, unknown> | undefined)?.[key];
  if (Array.isArray(target)) {
    const index = last === '-' ? target.length : Number(last);
    if (operation.op === 'remove') target.splice(index, 1);
    else target.splice(index, operation.op === 'add' ? 0 : 1, structuredClone(operation.value));
  } else if (target !== null && typeof target === 'object') {
    const record = target as Record<string, unknown>;
    if (operation.op === 'remove') delete record[last];
    else record[last] = structuredClone(operation.value);
  }
}
