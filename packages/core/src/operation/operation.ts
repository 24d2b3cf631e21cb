import type { LayerProgress } from '../events/lifecycle-events.ts';
import type { OperationContext } from './operation-context.ts';

/** A context that can be divided into stages: the bars of the waterfall. Drivers get it as their `OperationContext`. */
export interface Stage extends OperationContext {
  /** Runs `work` as a stage of its own below this one. `plugin`: whose work it is, null for the engine's. */
  stage<T>(name: string, plugin: string | null, work: (stage: Stage) => Promise<T>): Promise<T>;
}

/** One verb of the engine while it runs. */
export interface Operation extends Stage {
  /** Goes into the events that happen in it. */
  readonly id: string;
  readonly client: string | null;
  /** The container that it makes or changes, as soon as that is known. */
  concerns(containerId: string): void;
  /** The layers of a pull, whole each time. */
  report(progress: readonly LayerProgress[]): void;
}
