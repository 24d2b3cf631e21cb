import { JockerError } from '../errors/jocker-error.ts';
import type { JsonPatchOperation, SpecStep } from './spec-step.ts';

/** Who set one value of config.json: the last one to touch it. */
export interface SpecFieldOrigin {
  /** JSON pointer. */
  readonly path: string;
  /** Text, number, boolean, null; `[]` or `{}` for a list or an object with nothing in it. */
  readonly value: unknown;
  readonly mutator: string;
  readonly plugin: string;
}

type Author = Pick<SpecStep, 'mutator' | 'plugin'>;

/** A value with its author; `members` of an object or list have their own. */
interface Authored {
  readonly author: Author;
  readonly value: unknown;
  readonly members: Map<string, Authored> | Authored[] | undefined;
}

/**
 * Every value of the spec that the steps make, in the order of config.json, with its author; with `path` (a JSON pointer)
 * the values at and below it. Throws `not-found` for a path that the spec does not have.
 */
export function explainSpec(steps: readonly SpecStep[], path: string = ''): readonly SpecFieldOrigin[] {
  let root = authored({}, { mutator: 'default', plugin: 'core' });
  for (const step of steps) for (const operation of step.patch) root = apply(root, operation, step);
  const wanted = path === '' || path.startsWith('/') ? path : `/${path}`;
  const found = tokensOf(wanted).reduce<Authored | undefined>((at, token) => (at === undefined ? undefined : memberOf(at, token)), root);
  if (found === undefined) throw new JockerError('not-found', `the spec has no ${wanted}`);
  return leavesOf(found, wanted);
}

function authored(value: unknown, author: Author): Authored {
  if (typeof value !== 'object' || value === null) return { author, value, members: undefined };
  if (Array.isArray(value)) return { author, value: [], members: value.map((each) => authored(each, author)) };
  return { author, value: {}, members: new Map(Object.entries(value).map(([key, each]) => [key, authored(each, author)])) };
}

function apply(root: Authored, operation: JsonPatchOperation, author: Author): Authored {
  const tokens = tokensOf(operation.path);
  const last = tokens.pop();
  const value = operation.op === 'remove' ? undefined : authored(operation.value, author);
  if (last === undefined) return value ?? root;
  const target = tokens.reduce<Authored | undefined>((at, token) => (at === undefined ? undefined : memberOf(at, token)), root);
  const members = target?.members;
  if (members instanceof Map) {
    if (value === undefined) members.delete(last);
    else members.set(last, value);
  } else if (members !== undefined) {
    const index = last === '-' ? members.length : Number(last);
    members.splice(index, operation.op === 'add' ? 0 : 1, ...(value === undefined ? [] : [value]));
  }
  return root;
}

function memberOf({ members }: Authored, token: string): Authored | undefined {
  if (members === undefined) return undefined;
  return members instanceof Map ? members.get(token) : members[/^\d+$/.test(token) ? Number(token) : -1];
}

function leavesOf(at: Authored, path: string): readonly SpecFieldOrigin[] {
  const { author, value, members } = at;
  const inside = [...(members?.entries() ?? [])];
  if (inside.length === 0) return [{ path, value, mutator: author.mutator, plugin: author.plugin }];
  return inside.flatMap(([key, member]) => leavesOf(member, `${path}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`));
}

const tokensOf = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
