import type { OciSpec } from '../oci/runtime-spec.ts';
import { cloneJson } from './json-patch-diff.ts';

/** What is wrong with a spec that a mutator left; as much as later mutators and the runtime rely on. */
export function wrongInSpec(spec: unknown): string | undefined {
  try {
    cloneJson(spec);
  } catch (error) {
    return `a spec in which ${error instanceof Error ? error.message : String(error)}`;
  }
  const { root, process, mounts, linux } = spec as Partial<OciSpec>;
  const parts: Readonly<Record<string, boolean>> = {
    '/root': isObject(root) && typeof root?.path === 'string',
    '/process': isObject(process) && isListOfText(process?.args) && isListOfText(process?.env) && isObject(process?.user),
    '/mounts': Array.isArray(mounts) && mounts.every((mount) => typeof mount?.destination === 'string'),
    '/linux': isObject(linux) && Array.isArray(linux?.namespaces),
  };
  const wrong = Object.keys(parts).find((path) => parts[path] === false);
  return wrong === undefined ? undefined : `a spec whose ${wrong} is not what it has to be`;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const isListOfText = (value: unknown): boolean => Array.isArray(value) && value.every((each) => typeof each === 'string');
