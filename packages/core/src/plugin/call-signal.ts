import type { Logger } from '../operation/operation-context.ts';

interface Context {
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** The signal of one call: fires with its operation's, and when its time is over. Made when somebody looks at it. */
export class CallSignal {
  readonly #parent: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #signal: AbortSignal | undefined;
  #reason: unknown;
  #follow: (() => void) | undefined;
  #react: (() => void) | undefined;
  readonly #lasting: boolean;

  /** `lasting`: what the call answers with lives on, and follows the operation's signal too. */
  constructor(parent: AbortSignal | undefined, lasting: boolean) {
    this.#parent = parent;
    this.#lasting = lasting;
  }

  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal;
    if (this.#reason !== undefined) return (this.#signal = AbortSignal.abort(this.#reason));
    const controller = new AbortController();
    const parent = this.#parent;
    this.#controller = controller;
    this.#signal = controller.signal;
    if (parent === undefined) return this.#signal;
    if (parent.aborted) controller.abort(parent.reason);
    else if (this.#lasting) this.#signal = AbortSignal.any([parent, controller.signal]);
    else {
      // A quarter of the cost of `any`, for the many calls of a start.
      this.#follow = () => controller.abort(parent.reason);
      parent.addEventListener('abort', this.#follow, { once: true });
    }
    return this.#signal;
  }

  /** Calls back when the operation is cancelled, unless the call is over then. */
  whenCancelled(react: () => void): void {
    this.#react = react;
    this.#parent?.addEventListener('abort', react, { once: true });
  }

  /** The call is over. */
  release(): void {
    if (this.#follow !== undefined) this.#parent?.removeEventListener('abort', this.#follow);
    if (this.#react !== undefined) this.#parent?.removeEventListener('abort', this.#react);
  }

  /** Whether the operation itself was cancelled, which is not the plugin's failure. */
  get cancelled(): boolean {
    return this.#parent?.aborted === true;
  }

  abort(reason: unknown): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  /** The context with this signal in the place of the operation's. */
  within<C extends Context>(context: C): C {
    const { log } = context;
    const own = (): AbortSignal => this.signal;
    return {
      ...context,
      log,
      get signal() {
        return own();
      },
    };
  }
}

export function isContext(value: unknown): value is Context {
  return typeof value === 'object' && value !== null && (value as { signal?: unknown }).signal instanceof AbortSignal;
}
