import type { ContainerStats } from '../engine/engine.ts';
import { cpuPercent } from './read-stats.ts';

/** Samples of running containers, with the CPU share since the sample before; read once for all who listen. */
export interface StatsSampler {
  /** One sample now. Throws what `read` throws. */
  sample(id: string): Promise<ContainerStats>;
  /** A sample at once and then one each `intervalMs`, until the signal or until `read` throws. */
  follow(id: string, options: { readonly signal: AbortSignal; readonly intervalMs?: number }): AsyncIterable<ContainerStats>;
  /** The container is gone. */
  forget(id: string): void;
}

export interface StatsSamplerDeps {
  readonly read: (id: string) => Promise<ContainerStats>;
}

const defaultIntervalMs = 1000;
const smallestIntervalMs = 100;
/** Those who want a sample this soon get the one of now. */
const togetherMs = 50;
/** What lies further back says little about now. */
const recentMs = 15_000;

interface Listener {
  readonly intervalMs: number;
  nextMs: number;
  newest: ContainerStats | undefined;
  ended: boolean;
  wake: (() => void) | undefined;
}

interface Sampling {
  readonly listeners: Set<Listener>;
  timer: NodeJS.Timeout | undefined;
  stopped: boolean;
}

export function createStatsSampler({ read }: StatsSamplerDeps): StatsSampler {
  const earlier = new Map<string, { readonly stats: ContainerStats; readonly atMs: number }>();
  const samplings = new Map<string, Sampling>();

  const sample = async (id: string): Promise<ContainerStats> => {
    const stats = await read(id);
    const before = earlier.get(stats.id);
    const now = performance.now();
    earlier.set(stats.id, { stats, atMs: now });
    const percent = before !== undefined && now - before.atMs < recentMs ? cpuPercent(before.stats, stats) : null;
    return { ...stats, cpu: { ...stats.cpu, percent } };
  };
  const tell = (listener: Listener, change: () => void): void => {
    change();
    listener.wake?.();
    listener.wake = undefined;
  };
  const run = async (id: string, sampling: Sampling): Promise<void> => {
    try {
      const stats = await sample(id);
      const now = performance.now();
      for (const listener of sampling.listeners) {
        if (listener.nextMs > now + togetherMs) continue;
        listener.nextMs = now + listener.intervalMs;
        tell(listener, () => (listener.newest = stats));
      }
    } catch {
      sampling.stopped = true;
      samplings.delete(id);
      for (const listener of sampling.listeners) tell(listener, () => (listener.ended = true));
      return;
    }
    schedule(id, sampling);
  };
  const schedule = (id: string, sampling: Sampling): void => {
    clearTimeout(sampling.timer);
    if (sampling.stopped || sampling.listeners.size === 0) return;
    const next = Math.min(...[...sampling.listeners].map(({ nextMs }) => nextMs));
    sampling.timer = setTimeout(() => void run(id, sampling), Math.max(0, next - performance.now()));
  };
  const join = (id: string, listener: Listener): Sampling => {
    const sampling = samplings.get(id) ?? { listeners: new Set(), timer: undefined, stopped: false };
    samplings.set(id, sampling);
    sampling.listeners.add(listener);
    schedule(id, sampling);
    return sampling;
  };
  const leave = (id: string, sampling: Sampling, listener: Listener): void => {
    sampling.listeners.delete(listener);
    if (sampling.listeners.size > 0) return;
    clearTimeout(sampling.timer);
    sampling.stopped = true;
    if (samplings.get(id) === sampling) samplings.delete(id);
  };

  return {
    sample,
    async *follow(id, { signal, intervalMs = defaultIntervalMs }) {
      if (signal.aborted) return;
      const listener: Listener = {
        intervalMs: Math.max(smallestIntervalMs, intervalMs),
        nextMs: performance.now(),
        newest: undefined,
        ended: false,
        wake: undefined,
      };
      const abort = (): void => tell(listener, () => (listener.ended = true));
      signal.addEventListener('abort', abort, { once: true });
      const sampling = join(id, listener);
      try {
        for (;;) {
          const { newest } = listener;
          listener.newest = undefined;
          if (newest !== undefined && !signal.aborted) yield newest;
          else if (listener.ended) return;
          else await new Promise<void>((resolve) => (listener.wake = resolve));
        }
      } finally {
        signal.removeEventListener('abort', abort);
        leave(id, sampling, listener);
      }
    },
    forget: (id) => void earlier.delete(id),
  };
}
