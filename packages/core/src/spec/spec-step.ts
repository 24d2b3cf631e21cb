import type { OciSpec } from '../oci/runtime-spec.ts';

/** One operation of RFC 6902, restricted to what a diff needs. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** What one mutator changed. The patches applied in order to `{}` give the final spec. */
export interface SpecStep {
  readonly mutator: string;
  readonly plugin: string;
  readonly durationMs: number;
  readonly patch: readonly JsonPatchOperation[];
  /** Why it changed nothing: it failed, and its plugin says that this may be passed over. */
  readonly skipped?: string;
}

export interface BuiltSpec {
  readonly spec: OciSpec;
  readonly steps: readonly SpecStep[];
}
