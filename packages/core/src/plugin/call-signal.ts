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

  constructor(parent: AbortSignal | undefined) {
    this.#parent = parent;
  }

  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal;
    if (this.#reason !== undefined) return (this.#signal = AbortSignal.abort(this.#reason));
    this.#controller = new AbortController();
    this.#signal = this.#parent === undefined ? this.#controller.signal : AbortSignal.any([this.#parent, this.#controller.signal]);
    return this.#signal;
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
