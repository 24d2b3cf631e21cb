import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { ImageRunConfig } from '../oci/image-config.ts';
import type { OciSpec } from '../oci/runtime-spec.ts';
import type { CreateRequest } from '../container/create-request.ts';
import type { OperationContext } from '../operation/operation-context.ts';
import { createDefaultSpec } from './default-spec.ts';
import { cloneJson, diffJson } from './json-patch-diff.ts';
import { SkippedCall } from './skipped-call.ts';
import type { HostFacts, RootfsReader, SpecInput, SpecMutator } from './spec-mutator.ts';
import { specPermissions, wideningsOf, type SpecPermission, type Widening } from './spec-permissions.ts';
import type { BuiltSpec, SpecStep } from './spec-step.ts';

export interface BuildSpecOptions {
  readonly containerId: string;
  readonly request: CreateRequest;
  readonly image: { readonly reference: string; readonly config: ImageRunConfig };
  readonly host: HostFacts;
  /** In the order in which they run; `plugin` is who provided it, and `permissions` what that one declared. */
  readonly mutators: readonly { readonly mutator: SpecMutator; readonly plugin: string; readonly permissions: readonly SpecPermission[] }[];
  readonly stateDirectory: string;
  readonly rootfs: RootfsReader;
  readonly volumes?: ReadonlyMap<string, string>;
  readonly context: OperationContext;
}

/** Runs the default spec and all mutators, one after the other, and keeps what each one changed. */
export async function buildSpec(options: BuildSpecOptions): Promise<BuiltSpec> {
  const input: SpecInput = Object.freeze({
    containerId: options.containerId,
    request: frozenCopy(options.request),
    image: frozenCopy(options.image),
    host: frozenCopy(options.host),
    stateDirectory: options.stateDirectory,
    rootfs: options.rootfs,
    volumes: options.volumes ?? new Map(),
    context: options.context,
  });
  const steps: SpecStep[] = [];
  let startedAt = performance.now();
  let spec = createDefaultSpec(options.containerId, input.host);
  steps.push({ mutator: 'default', plugin: 'core', durationMs: performance.now() - startedAt, patch: diffJson({}, cloneJson(spec)) });
  let draft = cloneJson(spec);
  for (const { mutator, plugin, permissions } of options.mutators) {
    if (options.context.signal.aborted) throw new JockerError('cancelled', `the spec of container ${options.containerId} was cancelled`);
    startedAt = performance.now();
    let after: OciSpec;
    try {
      const pending = mutator.mutate(draft, input);
      if (pending !== undefined) await pending;
      after = cloneJson(draft);
    } catch (error) {
      if (!(error instanceof SkippedCall)) throw named(error, mutator.name, plugin);
      steps.push({ mutator: mutator.name, plugin, durationMs: performance.now() - startedAt, patch: [], skipped: error.message });
      draft = cloneJson(spec);
      continue;
    }
    const patch = diffJson(spec, after);
    if (permissions.length < specPermissions.length) {
      assertPermitted(wideningsOf(spec, after, patch, options.stateDirectory), permissions, mutator.name, plugin);
    }
    steps.push({ mutator: mutator.name, plugin, durationMs: performance.now() - startedAt, patch });
    // The mutator may have kept its draft, and patches share what they say with `after`: the next draft is neither.
    if (patch.length > 0) spec = after;
    draft = patch.length > 0 ? cloneJson(after) : after;
  }
  return { spec: cloneJson(spec), steps };
}

function assertPermitted(widenings: readonly Widening[], permissions: readonly SpecPermission[], mutator: string, plugin: string): void {
  const refused = widenings.find(({ permission }) => !permissions.includes(permission));
  if (refused === undefined) return;
  const { path, permission } = refused;
  const why = `it widens ${path}, and plugin ${plugin} does not declare the permission ${permission}`;
  throw named(new JockerError('permission-denied', why, { details: { path, permission } }), mutator, plugin);
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
