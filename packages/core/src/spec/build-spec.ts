import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { ImageRunConfig } from '../oci/image-config.ts';
import type { OciSpec } from '../oci/runtime-spec.ts';
import type { CreateRequest } from '../container/create-request.ts';
import type { OperationContext } from '../operation/operation-context.ts';
import { createDefaultSpec } from './default-spec.ts';
import { cloneJson, diffJson } from './json-patch-diff.ts';
import type { HostFacts, RootfsReader, SpecInput, SpecMutator } from './spec-mutator.ts';
import type { BuiltSpec, SpecStep } from './spec-step.ts';

export interface BuildSpecOptions {
  readonly containerId: string;
  readonly request: CreateRequest;
  readonly image: { readonly reference: string; readonly config: ImageRunConfig };
  readonly host: HostFacts;
  /** In order of loading; `plugin` is who provided it. */
  readonly mutators: readonly { readonly mutator: SpecMutator; readonly plugin: string }[];
  readonly stateDirectory: string;
  readonly rootfs: RootfsReader;
  readonly context: OperationContext;
}

const phases = { early: 0, normal: 1, late: 2 } as const;

/** Runs the default spec and all mutators, one after the other, and keeps what each one changed. */
export async function buildSpec(options: BuildSpecOptions): Promise<BuiltSpec> {
  const input: SpecInput = Object.freeze({
    containerId: options.containerId,
    request: frozenCopy(options.request),
    image: frozenCopy(options.image),
    host: frozenCopy(options.host),
    stateDirectory: options.stateDirectory,
    rootfs: options.rootfs,
    context: options.context,
  });
  const steps: SpecStep[] = [];
  let startedAt = performance.now();
  let spec = createDefaultSpec(options.containerId, input.host);
  steps.push({ mutator: 'default', plugin: 'core', durationMs: performance.now() - startedAt, patch: diffJson({}, cloneJson(spec)) });
  let draft = cloneJson(spec);
  for (const { mutator, plugin } of inOrder(options.mutators)) {
    if (options.context.signal.aborted) throw new JockerError('cancelled', `the spec of container ${options.containerId} was cancelled`);
    startedAt = performance.now();
    let after: OciSpec;
    try {
      const pending = mutator.mutate(draft, input);
      if (pending !== undefined) await pending;
      after = cloneJson(draft);
    } catch (error) {
      throw named(error, mutator.name, plugin);
    }
    const patch = diffJson(spec, after);
    steps.push({ mutator: mutator.name, plugin, durationMs: performance.now() - startedAt, patch });
    // The mutator may have kept its draft, and patches share what they say with `after`: the next draft is neither.
    if (patch.length > 0) spec = after;
    draft = patch.length > 0 ? cloneJson(after) : after;
  }
  return { spec: cloneJson(spec), steps };
}

function inOrder(mutators: BuildSpecOptions['mutators']): BuildSpecOptions['mutators'] {
  return mutators.toSorted((left, right) => phases[left.mutator.phase ?? 'normal'] - phases[right.mutator.phase ?? 'normal']);
}

function named(error: unknown, mutator: string, plugin: string): JockerError {
  const message = error instanceof Error ? error.message : String(error);
  return new JockerError(isJockerError(error) ? error.code : 'internal', `${message} (spec mutator ${mutator})`, {
    cause: error,
    details: { ...(isJockerError(error) ? error.details : {}), mutator, plugin },
  });
}

function frozenCopy<T>(value: T): T {
  return deepFreeze(cloneJson(value));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
