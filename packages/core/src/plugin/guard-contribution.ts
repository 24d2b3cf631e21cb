import type { CircuitBreaker } from './circuit-breaker.ts';
import type { ExtensionPoints } from './extension-points.ts';
import { guardMethod, type Method } from './guard-method.ts';
import { hooks, type Hook, type HookPolicy } from './hook-policy.ts';
import type { PluginAccounts } from './plugin-accounts.ts';

/** What the calls of one contribution are measured against. */
export interface Guard {
  readonly plugin: string;
  readonly policy: Required<HookPolicy>;
  /** One for each method: what fails to create must still be able to remove. */
  readonly breakerOf: (method: string) => CircuitBreaker;
  readonly accounts: PluginAccounts;
  /** How many calls of the plugin have not ended; a stream counts until it is closed. */
  readonly activity: { running: number };
  /**
   * A plugin of the user: its errors open the breaker and are told by its name, and what it does to a spec is looked at. Those of
   * built-in drivers are mostly the machine's, about one container, and say nothing of the next.
   */
  readonly foreign: boolean;
}

/**
 * The one place where the engine calls a plugin: the same contract, but every call has its time limit, its signal, its line in
 * the accounts and its turn at the breaker. A time-out costs that call; what comes later is dropped.
 */
export function guardContribution<P extends keyof ExtensionPoints>(point: P, value: ExtensionPoints[P], guard: Guard): ExtensionPoints[P] {
  const guarded: Record<string, unknown> = {};
  const known = hooks[point] as Readonly<Record<string, Hook>>;
  for (const key of memberNames(value)) {
    const member: unknown = Reflect.get(value, key);
    const hook = Object.hasOwn(known, key) ? known[key] : undefined;
    if (typeof member !== 'function')
      Object.defineProperty(guarded, key, { enumerable: true, get: (): unknown => Reflect.get(value, key) });
    else if (hook === undefined) guarded[key] = (member as Method).bind(value);
    else guarded[key] = guardMethod({ point, value, key, hook, guard });
  }
  return guarded as unknown as ExtensionPoints[P];
}

/** Of the object and of its classes. */
function memberNames(value: object): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at: object | null = value; at !== null && at !== Object.prototype; at = Reflect.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) if (name !== 'constructor') names.add(name);
  }
  return names;
}
