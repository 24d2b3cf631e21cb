import type { Engine } from '@jocker/core';

/** The calls of an engine that a test answers itself; any other fails by name. */
export type Script = { readonly [K in keyof Engine]?: Engine[K] extends object ? Partial<Engine[K]> : Engine[K] };

export function scriptedEngine(script: Script): Engine {
  const area = (name: string, calls: object): object =>
    new Proxy(calls, {
      get: (target, key) => {
        const found: unknown = Reflect.get(target, key);
        if (found !== undefined || typeof key === 'symbol') return found;
        throw new Error(`the script has no ${name}.${key}`);
      },
    });
  return new Proxy(script, {
    get: (target, key) => area(String(key), (Reflect.get(target, key) as object | undefined) ?? {}),
  }) as unknown as Engine;
}
