import { expect, test } from 'vitest';
import fc from 'fast-check';
import { JockerError } from '../errors/jocker-error.ts';
import { applyPatch } from './apply-patch.ts';
import { buildSpec, type BuildSpecOptions } from './build-spec.ts';
import { cloneJson, diffJson } from './json-patch-diff.ts';
import { inWishedOrder } from './order-mutators.ts';
import type { SpecMutator } from './spec-mutator.ts';
import { specPermissions } from './spec-permissions.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function options(mutators: readonly SpecMutator[], change: Partial<BuildSpecOptions> = {}): BuildSpecOptions {
  return {
    containerId: 'c'.repeat(64),
    request: { image: 'x', env: ['A=1'] },
    image: { reference: 'x', config: {} },
    host: {
      cgroup: { version: 'v2', controllers: ['memory', 'pids'] },
      capabilities: ['CAP_CHOWN'],
      rlimits: { RLIMIT_NOFILE: 1024 },
      cpuCount: 2,
      memoryBytes: 1 << 30,
      kernelRelease: '6.1.0',
      apparmor: false,
      seccomp: true,
    },
    mutators: inWishedOrder(mutators, (each) => each).map((mutator) => ({ mutator, plugin: 'test', permissions: specPermissions })),
    stateDirectory: '/nowhere',
    rootfs: { readFile: async () => undefined, stat: async () => undefined, resolve: async (path) => path },
    context: { signal: new AbortController().signal, log: silent },
    ...change,
  };
}

test('mutators run early, normal, late, and in order of loading within a phase', async () => {
  const seen: string[] = [];
  const step = (name: string, phase?: 'early' | 'normal' | 'late'): SpecMutator => ({
    name,
    ...(phase === undefined ? {} : { phase }),
    mutate: () => void seen.push(name),
  });
  const built = await buildSpec(options([step('last', 'late'), step('b'), step('a', 'normal'), step('first', 'early')]));
  expect(seen).toEqual(['first', 'b', 'a', 'last']);
  expect(built.steps.map((each) => each.mutator)).toEqual(['default', 'first', 'b', 'a', 'last']);
});

test('the patches applied in order to {} give the spec', async () => {
  const built = await buildSpec(
    options([
      { name: 'edit', mutate: (draft) => void draft.mounts.splice(1, 1, { destination: '/a' }, { destination: '/b' }) },
      { name: 'sync-remove', mutate: (draft) => void delete draft.linux.readonlyPaths },
      {
        name: 'later',
        mutate: async (draft) => {
          await Promise.resolve();
          draft.annotations = { 'a/b~c': 'd' };
        },
      },
    ]),
  );
  expect(built.steps.reduce<unknown>((document, each) => applyPatch(document, each.patch), {})).toEqual(built.spec);
  expect(built.steps.at(-1)?.patch).toEqual([{ op: 'add', path: '/annotations', value: { 'a/b~c': 'd' } }]);
});

test('a mutator that throws is named, and the code of its error is kept', async () => {
  const failing = (error: unknown): SpecMutator => ({
    name: 'broken',
    mutate: () => {
      throw error;
    },
  });
  await expect(
    buildSpec(options([failing(new JockerError('permission-denied', 'not today', { details: { why: 1 } }))])),
  ).rejects.toMatchObject({
    code: 'permission-denied',
    message: 'not today (spec mutator broken)',
    details: { mutator: 'broken', plugin: 'test', why: 1 },
  });
  await expect(buildSpec(options([failing(new TypeError('oops'))]))).rejects.toMatchObject({
    code: 'internal',
    details: { mutator: 'broken' },
  });
});

test('a mutator cannot change its input, nor a draft after its turn', async () => {
  const kept: { process: { args: string[] } }[] = [];
  const greedy: SpecMutator = { name: 'greedy', mutate: (draft) => void kept.push(draft) };
  const late: SpecMutator = {
    name: 'late',
    phase: 'late',
    mutate: (draft) => {
      kept[0]?.process.args.push('smuggled');
      draft.process.args.push('sh');
    },
  };
  expect((await buildSpec(options([greedy, late]))).spec.process.args).toEqual(['sh']);
  const vandal: SpecMutator = {
    name: 'vandal',
    mutate: (_draft, input) => void (input.request.env as string[]).push('B=2'),
  };
  const built = options([vandal]);
  await expect(buildSpec(built)).rejects.toMatchObject({ details: { mutator: 'vandal' } });
  expect(built.request.env).toEqual(['A=1']);
  expect(Object.isFrozen(built.request)).toBe(false);
});

test('what JSON cannot say is refused with its path', async () => {
  const wrong: SpecMutator = { name: 'wrong', mutate: (draft) => void (draft.annotations = { a: (() => 1) as unknown as string }) };
  await expect(buildSpec(options([wrong]))).rejects.toThrow('/annotations/a is not JSON');
});

test('two specs built from the same input share nothing', async () => {
  const [one, two] = await Promise.all([buildSpec(options([])), buildSpec(options([]))]);
  one.spec.process.env.push('SECRET=1');
  one.spec.linux.maskedPaths?.push('/x');
  expect(two.spec).toEqual((await buildSpec(options([]))).spec);
});

test('a cancelled build stops before the next mutator', async () => {
  const controller = new AbortController();
  const first: SpecMutator = { name: 'first', mutate: () => controller.abort() };
  const never: SpecMutator = {
    name: 'never',
    mutate: () => {
      throw new Error('ran');
    },
  };
  await expect(buildSpec(options([first, never], { context: { signal: controller.signal, log: silent } }))).rejects.toMatchObject({
    code: 'cancelled',
  });
});

test('any JSON document becomes any other by the patch between them', () => {
  const key = fc.oneof(fc.constantFrom('a', 'b', 'a/b', '~', '~1', '', '0'), fc.string()).filter((each) => each !== '__proto__');
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.integer(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(key, tie('value')),
    ),
  })).value;
  fc.assert(
    fc.property(json, json, (before, after) => {
      const [left, right] = [cloneJson(before), cloneJson(after)];
      expect(applyPatch(left, diffJson(left, right))).toEqual(right);
      expect(diffJson(left, left)).toEqual([]);
      expect(left).toEqual(cloneJson(before));
    }),
    { numRuns: 300 },
  );
});

test('one element put in the middle of an array is one operation', () => {
  expect(diffJson({ list: ['a', 'c'] }, { list: ['a', 'b', 'c'] })).toEqual([{ op: 'add', path: '/list/1', value: 'b' }]);
  expect(diffJson({ list: ['a', 'b', 'c'] }, { list: ['a', 'c'] })).toEqual([{ op: 'remove', path: '/list/1' }]);
});

test('a patch path that is not there is refused', () => {
  expect(() => applyPatch({ a: [] }, [{ op: 'remove', path: '/a/0' }])).toThrow('/a/0 does not exist');
  expect(() => applyPatch({}, [{ op: 'add', path: '/a/b', value: 1 }])).toThrow('does not exist');
  expect(() => applyPatch({}, [{ op: 'add', path: '/__proto__/b', value: 1 }])).toThrow('does not exist');
});
