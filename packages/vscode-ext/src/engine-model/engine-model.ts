import type { EngineSnapshot, EventEnvelope } from '@jocker/protocol';
import { applyEvent } from './apply-event.ts';
import { emptyState, stateFromSnapshot, type EngineState, type StateChange } from './engine-state.ts';

/** Early events that are held until the ones before them come; past this a new snapshot is cheaper. */
const heldMax = 1000;

export type ModelListener = (changes: readonly StateChange[] | 'everything') => void;

/**
 * The state of one engine as the views see it. Whatever order, doubling or gap the events arrive with, the state is always
 * that of a snapshot at `seq`: an event is applied when it is the next one, held when it is early, dropped when it is old.
 * `missing` says that the stream has to be asked again from `seq`.
 */
export class EngineModel {
  #state: EngineState = emptyState();
  readonly #held = new Map<number, EventEnvelope>();
  readonly #listeners = new Set<ModelListener>();

  get state(): Readonly<EngineState> {
    return this.#state;
  }

  get seq(): number {
    return this.#state.seq;
  }

  /** True while an event that came early waits for one that did not come. */
  get missing(): boolean {
    return this.#held.size > 0;
  }

  /** The listener is called after the state has changed, once per batch. */
  onChange(listener: ModelListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Takes a snapshot; an older one than the state is dropped, held events after it are applied. */
  reset(snapshot: EngineSnapshot): void {
    if (snapshot.engineId === this.#state.engineId && snapshot.seq < this.#state.seq) return;
    if (snapshot.engineId !== this.#state.engineId) this.#held.clear();
    this.#state = stateFromSnapshot(snapshot);
    for (const seq of this.#held.keys()) if (seq <= snapshot.seq) this.#held.delete(seq);
    this.#applyHeld();
    this.#tell('everything');
  }

  /** Forgets everything: another engine, or none. */
  clear(): void {
    this.#state = emptyState();
    this.#held.clear();
    this.#tell('everything');
  }

  offer(envelope: EventEnvelope): void {
    if (envelope.name === 'image:progress') {
      this.#tell(applyEvent(this.#state, envelope));
      return;
    }
    if (envelope.seq <= this.#state.seq) return;
    if (this.#held.size < heldMax) this.#held.set(envelope.seq, envelope);
    this.#tell(this.#applyHeld());
  }

  #applyHeld(): readonly StateChange[] {
    const changes: StateChange[] = [];
    for (let next = this.#held.get(this.#state.seq + 1); next !== undefined; next = this.#held.get(this.#state.seq + 1)) {
      this.#held.delete(next.seq);
      changes.push(...applyEvent(this.#state, next));
      this.#state.seq = next.seq;
    }
    return changes;
  }

  #tell(changes: readonly StateChange[] | 'everything'): void {
    if (changes.length === 0) return;
    for (const listener of this.#listeners) listener(changes);
  }
}
