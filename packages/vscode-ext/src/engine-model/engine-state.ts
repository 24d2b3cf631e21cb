import type { ContainerView, EngineSnapshot, ExecView, ImageView, OperationView } from '@jocker/protocol';

/** What the views render: everything that one engine has, by id. Valid at `seq`. */
export interface EngineState {
  seq: number;
  engineId: string;
  readonly containers: Map<string, ContainerView>;
  readonly images: Map<string, ImageView>;
  readonly execs: Map<string, ExecView>;
  readonly operations: Map<string, OperationView>;
}

export function emptyState(): EngineState {
  return { seq: 0, engineId: '', containers: new Map(), images: new Map(), execs: new Map(), operations: new Map() };
}

export function stateFromSnapshot(snapshot: EngineSnapshot): EngineState {
  return {
    seq: snapshot.seq,
    engineId: snapshot.engineId,
    containers: new Map(snapshot.containers.map((view) => [view.id, view])),
    images: new Map(snapshot.images.map((view) => [view.id, view])),
    execs: new Map(snapshot.execs.map((view) => [view.id, view])),
    operations: new Map(snapshot.operations.map((view) => [view.id, view])),
  };
}

/** What a renderer has to look at again. `kind` and `id` name one object; `change` says whether its parent must look too. */
export interface StateChange {
  readonly kind: 'container' | 'image' | 'exec' | 'operation';
  readonly id: string;
  readonly change: 'added' | 'changed' | 'removed';
}
