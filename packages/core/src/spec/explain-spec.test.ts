import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloneJson, diffJson } from './json-patch-diff.ts';
import { explainSpec } from './explain-spec.ts';
import type { SpecStep } from './spec-step.ts';

/** One step for each document, from one to the next. */
function stepsThrough(documents: readonly unknown[]): readonly SpecStep[] {
  let before: unknown = {};
  return documents.map((document, index) => {
    const patch = diffJson(before, cloneJson(document));
    before = cloneJson(document);
    return { mutator: `m${index}`, plugin: `p${index}`, durationMs: 0, patch };
  });
}

describe('the explanation', () => {
  const steps = stepsThrough([
    { process: { env: ['PATH=/bin', 'A=1'], args: [] }, mounts: [{ destination: '/proc' }] },
    { process: { env: ['FIRST=1', 'PATH=/bin', 'A=1'], args: [] }, mounts: [{ destination: '/proc' }], annotations: { 'a/b': 'x' } },
    { process: { env: ['FIRST=1', 'PATH=/bin', 'A=2'], args: ['sh'] }, mounts: [{ destination: '/proc', options: ['ro'] }] },
  ]);

  test('names who set each value last, also when elements of a list moved', () => {
    expect(explainSpec(steps).map(({ path, mutator }) => `${path} ${mutator}`)).toEqual([
      '/process/env/0 m1',
      '/process/env/1 m0',
      '/process/env/2 m2',
      '/process/args/0 m2',
      '/mounts/0/destination m0',
      '/mounts/0/options/0 m2',
    ]);
  });

  test('of a path is of what is at and below it', () => {
    expect(explainSpec(steps, '/mounts')).toHaveLength(2);
    expect(explainSpec(steps, 'process/env/2')).toEqual([{ path: '/process/env/2', value: 'A=2', mutator: 'm2', plugin: 'p2' }]);
    expect(explainSpec(steps.slice(0, 2), '/annotations/a~1b')).toMatchObject([{ value: 'x', plugin: 'p1' }]);
    expect(() => explainSpec(steps, '/annotations')).toThrow('the spec has no /annotations');
    expect(() => explainSpec(steps, '/mounts/7')).toThrow('the spec has no /mounts/7');
  });
});

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value')),
    fc.dictionary(fc.stringMatching(/^[a-c/~]{1,2}$/), tie('value')),
  ),
}));
const object = fc.dictionary(fc.stringMatching(/^[a-c/~]{1,2}$/), json.value);

/** What the value is, by its leaves. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  const inside = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (inside.length === 0) return [[path, value]];
  return inside.flatMap(([key, member]) => leaves(member, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`));
}

test('has each value of the final spec once, and its author had that value there or put it somewhere', () => {
  fc.assert(
    fc.property(fc.array(object, { minLength: 1, maxLength: 5 }), (documents) => {
      const steps = stepsThrough(documents);
      const origins = explainSpec(steps);
      const sorted = (list: readonly (readonly [string, unknown])[]): readonly (readonly [string, unknown])[] =>
        list.toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
      expect(sorted(origins.map(({ path, value }) => [path, value] as const))).toEqual(sorted(leaves(cloneJson(documents.at(-1)))));
      for (const { mutator, plugin } of origins) {
        const step = steps.find((each) => each.mutator === mutator);
        if (step === undefined) expect([mutator, plugin]).toEqual(['default', 'core']);
        else expect([step.plugin, step.patch.length > 0]).toEqual([plugin, true]);
      }
    }),
    { numRuns: 300 },
  );
});
