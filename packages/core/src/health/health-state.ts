export type HealthStatus = 'starting' | 'healthy' | 'unhealthy';

/** What the checks of a container have found since its start. */
export interface HealthState {
  readonly status: HealthStatus;
  /** Failures in a row, up to now. */
  readonly failingStreak: number;
  /** The newest results, the oldest first, at most five. */
  readonly log: readonly HealthResult[];
}

export interface HealthResult {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** 0 is healthy; -1 when the check could not be run or took too long. */
  readonly exitCode: number;
  /** What it printed, at most 4,096 bytes, or why there is nothing. */
  readonly output: string;
}
