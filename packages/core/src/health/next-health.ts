import type { HealthPlan } from './health-plan.ts';
import type { HealthResult, HealthState } from './health-state.ts';

const keptResults = 5;

export const firstHealth: HealthState = { status: 'starting', failingStreak: 0, log: [] };

/** What one more result makes of it. A failure in the start period of a container that was never healthy does not count. */
export function nextHealth(state: HealthState, result: HealthResult, plan: HealthPlan, startedAtMs: number): HealthState {
  const log = [...state.log, result].slice(-keptResults);
  if (result.exitCode === 0) return { status: 'healthy', failingStreak: 0, log };
  if (isInStartPeriod(state, plan, startedAtMs, Date.parse(result.startedAt))) return { ...state, log };
  const failingStreak = state.failingStreak + 1;
  return { status: failingStreak >= plan.retries ? 'unhealthy' : state.status, failingStreak, log };
}

/** Until the next check. */
export function healthDelayMs(state: HealthState, plan: HealthPlan, startedAtMs: number, nowMs: number): number {
  return isInStartPeriod(state, plan, startedAtMs, nowMs) ? plan.startIntervalMs : plan.intervalMs;
}

const isInStartPeriod = ({ status }: HealthState, { startPeriodMs }: HealthPlan, startedAtMs: number, nowMs: number): boolean =>
  status === 'starting' && nowMs - startedAtMs < startPeriodMs;
