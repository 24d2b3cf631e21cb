/** Milliseconds of each finished call, in order, by method. */
export type CallTimes = Readonly<Record<string, readonly number[]>>;

export interface MeteredDriver<T extends object> {
  readonly driver: T;
  readonly times: CallTimes;
}

/** A driver that behaves as `real` and notes how long its methods take; a promise counts until it settles. */
export function meterCalls<T extends object>(real: T, now: () => number = () => performance.now()): MeteredDriver<T> {
  const times: Record<string, number[]> = {};
  const driver = new Proxy(real, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      if (typeof property !== 'string' || typeof value !== 'function') return value;
      return (...inputs: readonly unknown[]): unknown => {
        const from = now();
        const note = (): void => void (times[property] ??= []).push(now() - from);
        const result: unknown = Reflect.apply(value, target, inputs);
        if (!(result instanceof Promise)) {
          note();
          return result;
        }
        return result.finally(note);
      };
    },
  });
  return { driver, times };
}
