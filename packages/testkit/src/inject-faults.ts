/** What a call does instead of its work. `delayMs` comes before the work; `hang` never answers and hears no signal. */
export type Fault =
  | { readonly kind: 'hang' }
  | { readonly kind: 'crash'; readonly error?: Error }
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'garbage'; readonly answer: unknown };

export interface FaultyDriver<T extends object> {
  /** Behaves as the driver that it was made from, but for the faults. */
  readonly driver: T;
  /** From the next call of `method` on, for `times` calls (until `heal` when absent). */
  break(method: keyof T & string, fault: Fault, times?: number): void;
  /** One method, or all. */
  heal(method?: keyof T & string): void;
  /** Calls of a method so far, with a fault or without. */
  calls(method: keyof T & string): number;
}

/** A driver whose methods a test can make hang, crash, slow or answer nonsense, to see what the engine does then. */
export function injectFaults<T extends object>(real: T): FaultyDriver<T> {
  const faults = new Map<string, { readonly fault: Fault; left: number }>();
  const counts = new Map<string, number>();

  const takeFault = (method: string): Fault | undefined => {
    const entry = faults.get(method);
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) faults.delete(method);
    return entry.fault;
  };

  const driver = new Proxy(real, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      if (typeof property !== 'string' || typeof value !== 'function') return value;
      return (...inputs: readonly unknown[]): unknown => {
        counts.set(property, (counts.get(property) ?? 0) + 1);
        const work = (): unknown => Reflect.apply(value, target, inputs);
        const fault = takeFault(property);
        switch (fault?.kind) {
          case undefined:
            return work();
          case 'hang':
            return new Promise(() => undefined);
          case 'crash':
            throw fault.error ?? new Error(`${property} crashed on purpose`);
          case 'garbage':
            return fault.answer;
          case 'slow':
            return new Promise((resolve) => setTimeout(resolve, fault.delayMs)).then(work);
        }
      };
    },
  });

  return {
    driver,
    break: (method, fault, times = Number.POSITIVE_INFINITY) => void faults.set(method, { fault, left: times }),
    heal: (method) => void (method === undefined ? faults.clear() : faults.delete(method)),
    calls: (method) => counts.get(method) ?? 0,
  };
}
