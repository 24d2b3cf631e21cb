/** One run of a container, from its start to the end of its traces in the runtime. */
export interface ContainerRun {
  readonly startedAtMs: number;
  /** The runtime's state and the bundle of the ended run are gone. Undefined while the process lives. */
  released: Promise<void> | undefined;
  /** A restart is on its way: do not remove it, though it says `autoRemove`. */
  keep: boolean;
}

/** What the engine knows of running containers only while it runs itself. */
export interface ContainerRuns {
  begin(id: string, startedAtMs: number): ContainerRun;
  get(id: string): ContainerRun | undefined;
  end(id: string, run: ContainerRun): void;
  /** The delay before the last restart by the policy. */
  lastDelayMs(id: string): number;
  scheduleRestart(id: string, delayMs: number, start: () => void): void;
  cancelRestart(id: string): void;
  /** The container is gone. */
  forget(id: string): void;
  /** Timers are off; resolves when no run is being released any more. */
  close(): Promise<void>;
}

export function createContainerRuns(): ContainerRuns {
  const runs = new Map<string, ContainerRun>();
  const timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly delayMs: number }>();
  let closed = false;
  const cancelRestart = (id: string): void => {
    clearTimeout(timers.get(id)?.timer);
    timers.delete(id);
  };
  return {
    begin(id, startedAtMs) {
      const run: ContainerRun = { startedAtMs, released: undefined, keep: false };
      runs.set(id, run);
      return run;
    },
    get: (id) => runs.get(id),
    end(id, run) {
      if (runs.get(id) === run) runs.delete(id);
    },
    lastDelayMs: (id) => timers.get(id)?.delayMs ?? 0,
    scheduleRestart(id, delayMs, start) {
      if (!closed) timers.set(id, { timer: setTimeout(start, delayMs), delayMs });
    },
    cancelRestart,
    forget(id) {
      cancelRestart(id);
      runs.delete(id);
    },
    async close() {
      closed = true;
      for (const { timer } of timers.values()) clearTimeout(timer);
      for (const { released } of runs.values()) await released;
    },
  };
}
