import type { RestartPolicy } from './create-request.ts';

const firstDelayMs = 100;
const longestDelayMs = 60_000;
/** A run this long counts as a success: the next delay starts small again. */
const steadyMs = 10_000;

export interface EndedRun {
  readonly exitCode: number;
  readonly ranMs: number;
  readonly stoppedByUser: boolean;
  /** Restarts by the policy so far. */
  readonly restartCount: number;
  /** Before this run; 0 before the first restart. */
  readonly lastDelayMs: number;
}

/** How long to wait before the policy starts a container again; undefined when it does not. */
export function restartDelayMs(policy: RestartPolicy, run: EndedRun): number | undefined {
  if (run.stoppedByUser || policy.name === 'no') return undefined;
  if (policy.name === 'on-failure') {
    if (run.exitCode === 0) return undefined;
    if (policy.maximumRetryCount > 0 && run.restartCount >= policy.maximumRetryCount) return undefined;
  }
  if (run.lastDelayMs === 0 || run.ranMs >= steadyMs) return firstDelayMs;
  return Math.min(run.lastDelayMs * 2, longestDelayMs);
}

/** Whether a container that has run, and does not now, is started when the engine starts. */
export function startsWithEngine(policy: RestartPolicy, stoppedByUser: boolean): boolean {
  return policy.name === 'always' || (policy.name === 'unless-stopped' && !stoppedByUser);
}
