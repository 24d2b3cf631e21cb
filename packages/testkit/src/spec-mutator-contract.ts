import {
  applyPatch,
  buildSpec,
  createDefaultSpec,
  type BuiltSpec,
  type CreateRequest,
  type OciSpec,
  type SpecMutator,
  type SpecPermission,
} from '@jocker/core';
import { describe, expect, test } from 'vitest';
import { specInput } from './spec-input.ts';

export interface SpecMutatorUnderTest {
  readonly mutator: SpecMutator;
  /** A request for which it changes something. */
  readonly request: Partial<CreateRequest>;
  /** JSON pointers of config.json; it changes nothing that is not at or below one of them. */
  readonly changes: readonly string[];
  /** What its plugin declares that it may widen; nothing when absent. */
  readonly permissions?: readonly SpecPermission[];
}

/** What every spec mutator promises. */
export function describeSpecMutator(name: string, { mutator, request, changes, permissions = [] }: SpecMutatorUnderTest): void {
  const input = specInput({ request });
  const build = (): Promise<BuiltSpec> => buildSpec({ ...input, mutators: [{ mutator, plugin: 'under-test', permissions }] });

  describe(`spec mutator: ${name}`, () => {
    test('changes something, and only at the paths that it names', async () => {
      const paths = (await build()).steps.flatMap(({ plugin, patch }) => (plugin === 'under-test' ? patch.map(({ path }) => path) : []));
      expect(paths).not.toEqual([]);
      expect(paths.filter((path) => !changes.some((own) => path === own || path.startsWith(`${own}/`)))).toEqual([]);
    });

    test('gives the same spec for the same request', async () => {
      expect((await build()).spec).toEqual((await build()).spec);
    });

    test('leaves a spec that is JSON and nothing else', async () => {
      const draft = createDefaultSpec(input.containerId, input.host);
      await mutator.mutate(draft, input);
      expect(JSON.parse(JSON.stringify(draft))).toEqual(draft);
    });

    test('makes a patch that gives its spec when the engine applies it', async () => {
      const { spec, steps } = await build();
      expect(steps.reduce<unknown>((value, { patch }) => applyPatch(value, patch), {})).toEqual(spec);
    });

    test('changes nothing any more once it has answered', async () => {
      const draft: OciSpec = createDefaultSpec(input.containerId, input.host);
      await mutator.mutate(draft, input);
      const answered = structuredClone(draft);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(draft).toEqual(answered);
    });
  });
}
