import type { ExtensionPoints } from './extension-points.ts';

/** What the calls of one method of one contribution have cost so far. */
export interface CallAccount {
  readonly point: keyof ExtensionPoints;
  readonly name: string;
  readonly method: string;
  readonly calls: number;
  readonly errors: number;
  readonly timeouts: number;
  /** Calls that did not happen: the breaker was open. */
  readonly refused: number;
  readonly totalMs: number;
  readonly slowestMs: number;
}

export type CallOutcome = 'answered' | 'failed' | 'timed-out' | 'refused';
export type RecordCall = (outcome: CallOutcome, durationMs: number) => void;

/** The calls of one plugin. */
export interface PluginAccounts {
  open(point: keyof ExtensionPoints, name: string, method: string): RecordCall;
  /** Of what was called. */
  list(): readonly CallAccount[];
}

export function createPluginAccounts(): PluginAccounts {
  const accounts: { -readonly [K in keyof CallAccount]: CallAccount[K] }[] = [];
  return {
    open(point, name, method) {
      const account = { point, name, method, calls: 0, errors: 0, timeouts: 0, refused: 0, totalMs: 0, slowestMs: 0 };
      accounts.push(account);
      return (outcome, durationMs) => {
        if (outcome === 'refused') {
          account.refused += 1;
          return;
        }
        account.calls += 1;
        account.totalMs += durationMs;
        if (durationMs > account.slowestMs) account.slowestMs = durationMs;
        if (outcome === 'failed') account.errors += 1;
        if (outcome === 'timed-out') account.timeouts += 1;
      };
    },
    list: () => accounts.filter(({ calls, refused }) => calls + refused > 0).map((account) => ({ ...account })),
  };
}
