import type { CallTimes } from './meter-calls.ts';

/** By method: milliseconds that the median and the slowest call may take. */
export type LatencyBudget = Readonly<Record<string, { readonly medianMs?: number; readonly maximumMs?: number }>>;

/** Throws one sentence with every method that took longer than it may, or was never called and so shows nothing. */
export function assertBudget(times: CallTimes, budget: LatencyBudget): void {
  const excesses = Object.entries(budget).flatMap(([method, { medianMs, maximumMs }]) => {
    const sorted = (times[method] ?? []).toSorted((left, right) => left - right);
    const median = sorted[Math.floor((sorted.length - 1) / 2)];
    const maximum = sorted.at(-1);
    if (median === undefined || maximum === undefined) return [`${method} was not called`];
    return [
      ...(medianMs !== undefined && median > medianMs ? [`the median of ${method} is ${round(median)} ms of ${medianMs} ms`] : []),
      ...(maximumMs !== undefined && maximum > maximumMs ? [`the slowest ${method} took ${round(maximum)} ms of ${maximumMs} ms`] : []),
    ];
  });
  if (excesses.length > 0) throw new Error(`over the latency budget: ${excesses.join('; ')}`);
}

const round = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;
