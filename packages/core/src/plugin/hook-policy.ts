import { Readable } from 'node:stream';
import { wrongInSpec } from '../spec/wrong-in-spec.ts';
import type { ExtensionPoints } from './extension-points.ts';

export type FailureAction = 'fail' | 'skip';

/**
 * What a plugin says about one thing that it provides. `skip` goes on without the answer: a mutator changed nothing, a rule
 * allowed, a source did not accept. Everything else of a driver has an answer that nothing can stand for, and fails.
 */
export interface HookPolicy {
  /** Milliseconds for each call; what the point says when absent. */
  readonly timeLimitMs?: number;
  readonly onError?: FailureAction;
  readonly onTimeout?: FailureAction;
}

/**
 * How the engine treats the calls of one method:
 * `asked` has a time limit; `quick` is synchronous or nearly so, and a failure of it may be skipped;
 * `stream` has a time limit until it answers, and then one for each wait for more bytes;
 * `busy` has a time limit for each wait between two signs of life (a read, a progress); `open` ends when it ends.
 */
export type CallKind = 'asked' | 'quick' | 'stream' | 'busy' | 'open';

export interface Hook {
  readonly kind: CallKind;
  /** What it answers with lives on after the call. */
  readonly lasting?: boolean;
  /** What it answers with when it is skipped. */
  readonly skipped?: unknown;
  /** What is wrong with an answer that no implementation of the contract gives. */
  readonly wrong?: (answer: unknown) => string | undefined;
  /** The same of what it was given to change. */
  readonly wrongArguments?: (given: readonly unknown[]) => string | undefined;
  /** What it would answer, as far as that can be said without asking it; undefined is no answer. */
  readonly whenRefused?: (driver: object, given: readonly unknown[]) => unknown;
}

type MethodOf<T> = { [K in keyof T]-?: NonNullable<T[K]> extends (...given: never[]) => unknown ? K : never }[keyof T] & string;
type Hooks<T> = { readonly [M in MethodOf<T>]: Hook };

const expect =
  (what: string, fits: (answer: Readonly<Record<string, unknown>>) => boolean) =>
  (answer: unknown): string | undefined =>
    typeof answer === 'object' && answer !== null && fits(answer as Readonly<Record<string, unknown>>) ? undefined : `what is not ${what}`;
const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const asked: Hook = { kind: 'asked' };
const list: Hook = { kind: 'asked', wrong: expect('a list', Array.isArray) };
const size: Hook = {
  kind: 'asked',
  wrong: (answer) => (typeof answer === 'number' && answer >= 0 ? undefined : 'what is not a number of bytes'),
};
const accepts: Hook = {
  kind: 'quick',
  skipped: false,
  wrong: (answer) => (typeof answer === 'boolean' ? undefined : 'what is neither true nor false'),
  // What is its own then fails by its name, and not as a reference that nobody takes.
  whenRefused: (driver, [reference]) => {
    const { schemes } = driver as { readonly schemes?: readonly string[] };
    const { kind, scheme } = reference as { readonly kind: string; readonly scheme?: string };
    return kind === 'scheme' && schemes?.some((each) => each === scheme) === true ? true : undefined;
  },
};
const probe: Hook = {
  kind: 'asked',
  wrong: expect('an answer to a probe', ({ usable, reason }) => usable === true || (usable === false && isText(reason))),
};
const answersPid: Hook = { kind: 'asked', wrong: expect('a process number', ({ pid }) => isCount(pid)) };

/** Total over the contracts: a method that nobody placed does not compile. */
export const hooks: { readonly [P in keyof ExtensionPoints]: Hooks<ExtensionPoints[P]> } = {
  imageSource: {
    accepts,
    resolve: {
      kind: 'asked',
      wrong: expect(
        'a descriptor (mediaType, digest, size)',
        ({ mediaType, digest, size: bytes }) => isText(mediaType) && isText(digest) && isCount(bytes),
      ),
    },
    fetch: { kind: 'stream', lasting: true, wrong: (answer) => (answer instanceof Readable ? undefined : 'what is not a stream') },
    release: asked,
  },
  imageDestination: { accepts, push: { kind: 'busy' }, authenticate: asked },
  snapshotter: {
    probe,
    has: { kind: 'asked', wrong: (answer) => (typeof answer === 'boolean' ? undefined : 'what is neither true nor false') },
    prepareLayer: { kind: 'asked', wrong: expect('a directory', ({ directory }) => isText(directory)) },
    commitLayer: asked,
    prepare: list,
    mounts: list,
    view: list,
    changesDirectory: asked,
    directories: list,
    layerDirectories: list,
    usage: size,
    layerUsage: size,
    remove: asked,
    removeLayer: asked,
    list: { kind: 'asked', wrong: expect('lists of keys and layers', ({ keys, layers }) => Array.isArray(keys) && Array.isArray(layers)) },
  },
  specMutator: { mutate: { kind: 'asked', wrongArguments: ([draft]) => wrongInSpec(draft) } },
  runtimeBackend: {
    probe,
    version: { kind: 'asked', wrong: (answer) => (isText(answer) ? undefined : 'what is not a text') },
    prewarm: { kind: 'quick' },
    create: answersPid,
    start: asked,
    state: { kind: 'asked', wrong: expect('a state', ({ status, pid }) => isText(status) && isCount(pid)) },
    kill: asked,
    pause: asked,
    resume: asked,
    update: asked,
    delete: asked,
    exec: { kind: 'asked', lasting: true, wrong: expect('a process', ({ pid, exited }) => isCount(pid) && exited instanceof Promise) },
    attach: { kind: 'asked', lasting: true, wrong: expect('streams', ({ output }) => typeof output === 'object' && output !== null) },
    resize: asked,
    exit: { kind: 'open', wrong: expect('an exit status', ({ exitCode }) => isCount(exitCode)) },
    reopenLog: asked,
    list,
  },
  networkDriver: {
    probe,
    planNetwork: { kind: 'asked', wrong: expect('a plan', ({ subnets }) => Array.isArray(subnets)) },
    createNetwork: asked,
    removeNetwork: asked,
    reserve: { kind: 'asked', wrong: expect('an endpoint', ({ endpointId }) => isText(endpointId)) },
    attach: { kind: 'asked', wrong: expect('an endpoint', ({ endpointId }) => isText(endpointId)) },
    detach: asked,
    rename: asked,
    restore: asked,
    close: asked,
  },
  volumeDriver: {
    probe,
    create: asked,
    mount: { kind: 'asked', wrong: expect('a mount', ({ mount }) => typeof mount === 'object' && mount !== null) },
    unmount: asked,
    remove: asked,
    list,
    hostPath: asked,
    isEmpty: { kind: 'asked', wrong: (answer) => (typeof answer === 'boolean' ? undefined : 'neither true nor false') },
    fill: { kind: 'open' },
    usageBytes: size,
  },
  admissionRule: {
    decide: {
      kind: 'asked',
      skipped: { allowed: true },
      wrong: expect('a decision', ({ allowed, reason }) => allowed === true || (allowed === false && isText(reason))),
    },
  },
};

/** Generous where a driver may have gigabytes to move, short where it only has to think. */
const timeLimitsMs: { readonly [P in keyof ExtensionPoints]: number } = {
  imageSource: 600_000,
  imageDestination: 120_000,
  snapshotter: 600_000,
  specMutator: 10_000,
  runtimeBackend: 120_000,
  networkDriver: 60_000,
  volumeDriver: 600_000,
  admissionRule: 10_000,
};

/** For each wait of a stream; a plugin's own limit when that is shorter. */
export const idleLimitMs = 60_000;

/**
 * The policy in force. `required` is what the operator or the plugin says of the whole plugin: true fails whatever happens,
 * false skips what can be skipped.
 */
export function policyOf(point: keyof ExtensionPoints, given: HookPolicy, required: boolean | undefined): Required<HookPolicy> {
  // One source that cannot even say whether it accepts must not keep the others from being asked.
  const isAskedInTurn = point === 'imageSource' || point === 'imageDestination';
  const byDefault: FailureAction = required === false || isAskedInTurn ? 'skip' : 'fail';
  const timeLimitMs = given.timeLimitMs ?? timeLimitsMs[point];
  if (required === true) return { timeLimitMs, onError: 'fail', onTimeout: 'fail' };
  return { timeLimitMs, onError: given.onError ?? byDefault, onTimeout: given.onTimeout ?? byDefault };
}
