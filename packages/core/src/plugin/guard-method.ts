import { Readable } from 'node:stream';
import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import { asJockerError } from '../operation/as-jocker-error.ts';
import { CallSignal, isContext } from './call-signal.ts';
import type { ExtensionPoints } from './extension-points.ts';
import type { Guard } from './guard-contribution.ts';
import { idleLimitMs, type FailureAction, type Hook } from './hook-policy.ts';
import { limitIdle } from './limit-idle.ts';
import { SkippedCall } from '../spec/skipped-call.ts';

export type Method = (...given: unknown[]) => unknown;

export interface GuardedMethod {
  readonly point: keyof ExtensionPoints;
  readonly value: { readonly name: string };
  readonly key: string;
  readonly hook: Hook;
  readonly guard: Guard;
}

const tooLate = Symbol('too late');
/** For a plugin that does not heed its signal when the operation is cancelled. */
const cancelGraceMs = 5000;

export function guardMethod({ point, value, key, hook, guard }: GuardedMethod): Method {
  const { policy, activity, plugin } = guard;
  const breaker = guard.breakerOf(key);
  const method = Reflect.get(value, key) as Method;
  const record = guard.accounts.open(point, value.name, key);
  const who = plugin === value.name ? `plugin ${plugin}` : `${point} ${value.name} of plugin ${plugin}`;
  const details = { plugin, point, name: value.name };
  const isMutator = point === 'specMutator';
  // The engine names those itself.
  const isHook = isMutator || point === 'admissionRule';
  const skippable = isMutator || hook.skipped !== undefined;
  // Where the contract gives a promise, a failure comes through it too.
  const mayThrow = isHook || hook.kind === 'quick';

  const settleFailure = (error: unknown, action: FailureAction): unknown => {
    if (!skippable || action === 'fail') throw error;
    if (isMutator) throw new SkippedCall(messageOf(error), { cause: error });
    return hook.skipped;
  };
  const onFailure = (error: unknown, begun: number, signal: CallSignal): unknown => {
    // A sentence of the contract is an answer, and a cancelled operation is nobody's fault.
    if (signal.cancelled || isAnswer(error)) {
      record('answered', performance.now() - begun);
      if (!signal.cancelled) breaker.succeeded();
      throw error;
    }
    record('failed', performance.now() - begun);
    if (guard.foreign) breaker.failed(messageOf(error));
    return settleFailure(isHook ? error : named(error), policy.onError);
  };
  const named = (error: unknown): unknown => {
    if (!guard.foreign || isJockerError(error)) return error;
    const { code, message, details: more } = asJockerError(error);
    return new JockerError(code, `${who} failed in ${key}: ${message}`, { cause: error, details: { ...more, ...details } });
  };
  const onAnswer = (answer: unknown, given: readonly unknown[], begun: number, signal: CallSignal): unknown => {
    const wrong = hook.wrong?.(answer) ?? (guard.foreign ? hook.wrongArguments?.(given) : undefined);
    if (wrong !== undefined) {
      return onFailure(new JockerError('internal', `${who} answered ${key} with ${wrong}`, { details }), begun, signal);
    }
    record('answered', performance.now() - begun);
    breaker.succeeded();
    if (hook.kind === 'stream') watchStream(answer as Readable);
    return answer;
  };
  const onTimeout = (begun: number): void => {
    record('timed-out', performance.now() - begun);
    breaker.failed(`it took longer than ${policy.timeLimitMs / 1000} s to answer ${key}`);
  };
  const watchStream = (stream: Readable): void => {
    const limitMs = Math.min(idleLimitMs, policy.timeLimitMs);
    activity.running += 1;
    stream.once('close', () => (activity.running -= 1));
    limitIdle(stream, limitMs, () => {
      onTimeout(performance.now() - limitMs);
      return new JockerError('deadline-exceeded', `${who} sent nothing for ${limitMs / 1000} s`, { details });
    });
  };

  const settle = async (
    pending: Promise<unknown>,
    given: readonly unknown[],
    begun: number,
    signal: CallSignal,
    clock: Clock,
  ): Promise<unknown> => {
    activity.running += 1;
    let answer: unknown;
    if (guard.foreign && hook.kind !== 'open') signal.whenCancelled(() => clock.hurry(cancelGraceMs));
    try {
      answer = hook.kind === 'open' ? await pending : await Promise.race([pending, clock.start()]);
    } catch (error) {
      return onFailure(error, begun, signal);
    } finally {
      clock.stop();
      activity.running -= 1;
      signal.release();
    }
    if (answer !== tooLate) return onAnswer(answer, given, begun, signal);
    pending.then(throwAway, () => undefined);
    if (signal.cancelled) throw cancelled(signal);
    onTimeout(begun);
    const error = new JockerError('deadline-exceeded', `${who} took longer than ${policy.timeLimitMs / 1000} s to answer ${key}`, {
      details,
    });
    signal.abort(error);
    return settleFailure(error, policy.onTimeout);
  };

  const call = (given: unknown[]): unknown => {
    if (!breaker.admit()) {
      record('refused', 0);
      const why = `${who} has failed several times and is not asked for the moment: ${breaker.reason}`;
      return hook.whenRefused?.(value, given) ?? settleFailure(new JockerError('unavailable', why, { details }), policy.onError);
    }
    const begun = performance.now();
    const clock = new Clock(policy.timeLimitMs);
    const signal = new CallSignal(contextIn(given)?.signal, hook.lasting === true);
    let result: unknown;
    try {
      result = method.apply(value, hook.kind === 'open' ? given : given.map((each) => withinCall(each, signal, hook, clock)));
    } catch (error) {
      return onFailure(error, begun, signal);
    }
    return result instanceof Promise ? settle(result, given, begun, signal, clock) : onAnswer(result, given, begun, signal);
  };
  if (mayThrow) return (...given) => call(given);
  // oxlint-disable-next-line typescript/promise-function-async -- the answer is a promise already
  return (...given) => {
    try {
      return call(given);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
}

/** The time that one call has; `touch` starts it again. */
class Clock {
  readonly #limitMs: number;
  #timer: NodeJS.Timeout | undefined;
  #over: ((late: typeof tooLate) => void) | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  async start(): Promise<typeof tooLate> {
    return await new Promise((resolve) => {
      this.#over = resolve;
      this.#timer = setTimeout(() => resolve(tooLate), this.#limitMs);
    });
  }

  /** At most so much longer. */
  hurry(limitMs: number): void {
    if (this.#over === undefined) return;
    const over = this.#over;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => over(tooLate), Math.min(limitMs, this.#limitMs));
  }

  touch(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#over = undefined;
  }
}

/** The operation's context among the arguments; a mutator has it in its input. */
function contextIn(given: readonly unknown[]): { readonly signal: AbortSignal } | undefined {
  const last = given.at(-1);
  if (isContext(last)) return last;
  const inner = (last as { readonly context?: unknown } | undefined)?.context;
  return isContext(inner) ? inner : undefined;
}

function withinCall(given: unknown, signal: CallSignal, hook: Hook, clock: Clock): unknown {
  if (typeof given !== 'object' || given === null) return given;
  if (isContext(given)) return hook.kind === 'busy' ? touching(signal.within(given), clock) : signal.within(given);
  const inner = (given as { readonly context?: unknown }).context;
  if (isContext(inner)) return Object.freeze({ ...given, context: signal.within(inner) });
  return hook.kind === 'busy' ? touching(given, clock) : given;
}

/** The same with functions whose calls are signs of life. */
function touching<T extends object>(given: T, clock: Clock): T {
  const result = Object.create(null, Object.getOwnPropertyDescriptors(given)) as Record<string, unknown>;
  for (const [key, member] of Object.entries(Object.getOwnPropertyDescriptors(given))) {
    if (typeof member.value !== 'function') continue;
    const original = member.value as Method;
    result[key] = (...passed: unknown[]): unknown => {
      clock.touch();
      return original.apply(given, passed);
    };
  }
  return result as T;
}

function isAnswer(error: unknown): boolean {
  return isJockerError(error) && error.code !== 'internal' && error.details['pluginDown'] !== true;
}

const cancelled = (signal: CallSignal): Error =>
  signal.signal.reason instanceof Error ? signal.signal.reason : new JockerError('cancelled', 'cancelled');

/** Nobody waits for it any more: what it holds is let go. */
function throwAway(late: unknown): void {
  if (late instanceof Readable) late.destroy();
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
