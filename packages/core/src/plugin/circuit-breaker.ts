export type BreakerState = 'closed' | 'open' | 'half-open';

/** Keeps what fails again and again from costing every call its time limit. It never gives up: a probe goes through twice a second. */
export interface CircuitBreaker {
  /** `half-open`: the next call is let through, to see whether it works again. */
  readonly state: BreakerState;
  /** What failed last; empty while closed. */
  readonly reason: string;
  /** Whether a call may go through now. */
  admit(): boolean;
  succeeded(): void;
  failed(reason: string): void;
}

export interface CircuitBreakerOptions {
  readonly now: () => number;
  readonly onChange: (state: 'closed' | 'open', reason: string) => void;
}

const failuresToOpen = 5;
/** Also while an earlier probe hangs: what is healthy again is found within this time of the next calls. */
const probeEveryMs = 500;

export function createCircuitBreaker({ now, onChange }: CircuitBreakerOptions): CircuitBreaker {
  let failures = 0;
  let open = false;
  let nextProbeAt = 0;
  let reason = '';
  return {
    get state() {
      if (!open) return 'closed';
      return now() < nextProbeAt ? 'open' : 'half-open';
    },
    get reason() {
      return reason;
    },
    admit() {
      if (!open) return true;
      if (now() < nextProbeAt) return false;
      nextProbeAt = now() + probeEveryMs;
      return true;
    },
    succeeded() {
      failures = 0;
      if (!open) return;
      open = false;
      reason = '';
      onChange('closed', '');
    },
    failed(why) {
      failures += 1;
      if (open || failures < failuresToOpen) return;
      open = true;
      reason = why;
      nextProbeAt = now() + probeEveryMs;
      onChange('open', why);
    },
  };
}
