import type { ContainerDeps } from '../container/container-deps.ts';
import { subjectOf } from '../container/container-subject.ts';
import type { EventSubscriber } from '../events/lifecycle-events.ts';
import { limitConcurrency } from '../snapshot/limit-concurrency.ts';
import { healthPlanOf, type HealthPlan } from './health-plan.ts';
import { firstHealth, healthDelayMs, nextHealth } from './next-health.ts';
import { runHealthCheck } from './run-health-check.ts';

/** Of all containers together: checks are worth waiting a moment, and each is a process. */
const checksAtOnce = 8;

/**
 * Checks the containers that run, and those that start, until it is disposed. A paused container is not checked; after the engine's start
 * the first check of each comes an interval later, with the state that it had.
 */
export function watchHealth(deps: ContainerDeps, events: EventSubscriber): Disposable {
  const timers = new Map<string, NodeJS.Timeout>();
  const limited = limitConcurrency(checksAtOnce);

  const end = (id: string): void => {
    clearTimeout(timers.get(id));
    timers.delete(id);
  };
  const schedule = (id: string, plan: HealthPlan, run: string): void => {
    const record = deps.store.get(id);
    if (record === undefined || deps.closing.aborted) return;
    const state = record.health ?? firstHealth;
    const delayMs = healthDelayMs(state, plan, Date.parse(run), Date.now());
    timers.set(id, setTimeout(() => void limited(() => check(id, plan, run)), delayMs).unref());
  };
  /** `run` is the start that the check belongs to: a result that comes after the next start is nobody's. */
  const check = async (id: string, plan: HealthPlan, run: string): Promise<void> => {
    const before = deps.store.get(id);
    if (before === undefined || before.startedAt !== run || deps.closing.aborted) return;
    if (before.status === 'running') {
      const result = await runHealthCheck(deps, before, plan);
      const record = deps.store.get(id);
      if (record === undefined || record.startedAt !== run || record.status !== 'running' || deps.closing.aborted) return;
      const earlier = record.health ?? firstHealth;
      const health = nextHealth(earlier, result, plan, Date.parse(run));
      const change = (): void => void deps.store.change(id, { health });
      if (health.status === earlier.status) deps.state.transaction(change);
      else deps.publisher.publish('container:health', { ...subjectOf(record), health: health.status }, { change });
    }
    schedule(id, plan, run);
  };
  const begin = (id: string): void => {
    end(id);
    const record = deps.store.get(id);
    if (record === undefined || record.startedAt === null) return;
    const plan = healthPlanOf(record);
    if (plan !== undefined) schedule(id, plan, record.startedAt);
  };

  const listening = [
    events.on('container:started', ({ containerId }) => begin(containerId)),
    events.on('container:exited', ({ containerId }) => end(containerId)),
  ];
  for (const { id, status } of deps.store.list()) if (status === 'running' || status === 'paused') begin(id);
  return {
    [Symbol.dispose](): void {
      for (const listener of listening) listener[Symbol.dispose]();
      for (const id of timers.keys()) end(id);
    },
  };
}
