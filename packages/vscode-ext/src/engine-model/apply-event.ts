import type { ContainerView, EventEnvelope, ExecView, ImageView, OperationView } from '@jocker/protocol';
import type { EngineState, StateChange } from './engine-state.ts';

/**
 * Applies one event to the state, in place, and says what changed. The caller has made sure that it is the next one
 * (`engine-model.ts`). An event about an object that the state does not have changes nothing.
 */
export function applyEvent(state: EngineState, envelope: EventEnvelope): readonly StateChange[] {
  switch (envelope.name) {
    case 'container:created':
      return putContainer(state, envelope.event.view);
    case 'container:started':
      return patchContainer(state, envelope.event.containerId, {
        status: 'running',
        pid: envelope.event.pid,
        startedAt: envelope.event.startedAt,
        error: '',
        endpoints: envelope.event.endpoints,
        health: envelope.event.health,
      });
    case 'container:health':
      return patchContainer(state, envelope.event.containerId, { health: envelope.event.health });
    case 'container:exited':
      return patchContainer(state, envelope.event.containerId, {
        status: 'exited',
        pid: 0,
        endpoints: [],
        health: null,
        exitCode: envelope.event.exitCode,
        oomKilled: envelope.event.oomKilled,
        finishedAt: envelope.event.finishedAt,
      });
    case 'network:connected':
    case 'network:disconnected':
      return patchContainer(state, envelope.event.containerId, {
        networks: envelope.event.networks,
        endpoints: envelope.event.endpoints,
      });
    case 'container:paused':
      return patchContainer(state, envelope.event.containerId, { status: 'paused' });
    case 'container:unpaused':
      return patchContainer(state, envelope.event.containerId, { status: 'running' });
    case 'container:renamed':
      return patchContainer(state, envelope.event.containerId, { name: envelope.event.name });
    case 'container:removed':
      return removeContainer(state, envelope.event.containerId);
    case 'image:pulled':
    case 'image:imported':
    case 'container:committed':
      return putImage(state, envelope.event.view);
    case 'image:loaded':
      return envelope.event.views.flatMap((view) => putImage(state, view));
    case 'image:tagged':
      return tagImage(state, envelope.event.imageId, envelope.event.reference);
    case 'image:untagged':
      return patchImage(state, envelope.event.imageId, (image) => ({
        references: image.references.filter((reference) => reference !== envelope.event.reference),
      }));
    case 'image:removed':
      return state.images.delete(envelope.event.imageId) ? [{ kind: 'image', id: envelope.event.imageId, change: 'removed' }] : [];
    case 'exec:created':
      state.execs.set(envelope.event.execId, envelope.event.view);
      return [{ kind: 'exec', id: envelope.event.execId, change: 'added' }];
    case 'exec:started':
      return patchExec(state, envelope.event.execId, { status: 'running', pid: envelope.event.pid });
    case 'exec:exited':
      return patchExec(state, envelope.event.execId, {
        status: 'exited',
        pid: 0,
        exitCode: envelope.event.exitCode,
        finishedAt: envelope.event.finishedAt,
      });
    case 'operation:started':
      return startOperation(state, envelope);
    case 'operation:finished':
      return patchOperation(state, envelope.operationId, { state: 'succeeded', finishedAt: envelope.time });
    case 'operation:failed':
      return patchOperation(state, envelope.operationId, {
        state: envelope.event.code === 'cancelled' ? 'cancelled' : 'failed',
        finishedAt: envelope.time,
        error: { code: envelope.event.code, message: envelope.event.message, details: {} },
      });
    case 'image:progress':
      return pullProgress(state, envelope.operationId, envelope.event.layers);
    case 'image:pulling':
    case 'image:unpacked':
    case 'image:pushed':
    case 'image:saved':
    case 'spec:built':
    case 'container:oom':
    case 'container:signalled':
    case 'container:stopped':
    case 'container:restarted':
    case 'container:updated':
    case 'container:attached':
    case 'container:detached':
    case 'container:resized':
    case 'container:exported':
    case 'container:archive-read':
    case 'container:archive-written':
    case 'container:top':
    case 'exec:detached':
    case 'volume:created':
    case 'volume:removed':
    case 'volume:mounted':
    case 'volume:unmounted':
    case 'network:created':
    case 'network:removed':
    case 'prune:finished':
    case 'plugin:added':
    case 'plugin:removed':
    case 'plugin:failed':
    case 'plugin:restarted':
    case 'plugin:suspended':
    case 'plugin:recovered':
    case 'engine:warned':
      return [];
    default: {
      const missed: never = envelope;
      return missed;
    }
  }
}

function putContainer(state: EngineState, view: ContainerView): readonly StateChange[] {
  const change = state.containers.has(view.id) ? 'changed' : 'added';
  state.containers.set(view.id, view);
  return [{ kind: 'container', id: view.id, change }];
}

function patchContainer(state: EngineState, id: string, patch: Partial<ContainerView>): readonly StateChange[] {
  const container = state.containers.get(id);
  if (container === undefined) return [];
  state.containers.set(id, { ...container, ...patch });
  return [{ kind: 'container', id, change: 'changed' }];
}

function removeContainer(state: EngineState, id: string): readonly StateChange[] {
  if (!state.containers.delete(id)) return [];
  const execs = [...state.execs.values()].filter((exec) => exec.containerId === id);
  for (const exec of execs) state.execs.delete(exec.id);
  return [
    { kind: 'container', id, change: 'removed' },
    ...execs.map((exec): StateChange => ({ kind: 'exec', id: exec.id, change: 'removed' })),
  ];
}

function putImage(state: EngineState, view: ImageView): readonly StateChange[] {
  // A reference names one image: the new one takes it from the old.
  const losers = [...state.images.values()].filter(
    (image) => image.id !== view.id && image.references.some((reference) => view.references.includes(reference)),
  );
  for (const image of losers)
    state.images.set(image.id, { ...image, references: image.references.filter((reference) => !view.references.includes(reference)) });
  const change = state.images.has(view.id) ? 'changed' : 'added';
  state.images.set(view.id, view);
  return [
    { kind: 'image', id: view.id, change },
    ...losers.map((image): StateChange => ({ kind: 'image', id: image.id, change: 'changed' })),
  ];
}

function tagImage(state: EngineState, id: string, reference: string): readonly StateChange[] {
  const image = state.images.get(id);
  if (image === undefined) return [];
  return putImage(state, { ...image, references: [...new Set([...image.references, reference])].toSorted() });
}

function patchImage(state: EngineState, id: string, patch: (image: ImageView) => Partial<ImageView>): readonly StateChange[] {
  const image = state.images.get(id);
  if (image === undefined) return [];
  state.images.set(id, { ...image, ...patch(image) });
  return [{ kind: 'image', id, change: 'changed' }];
}

function patchExec(state: EngineState, id: string, patch: Partial<ExecView>): readonly StateChange[] {
  const exec = state.execs.get(id);
  if (exec === undefined) return [];
  state.execs.set(id, { ...exec, ...patch });
  return [{ kind: 'exec', id, change: 'changed' }];
}

function startOperation(state: EngineState, envelope: EventEnvelope & { readonly name: 'operation:started' }): readonly StateChange[] {
  const id = envelope.operationId;
  if (id === null || state.operations.has(id)) return [];
  state.operations.set(id, {
    id,
    operation: envelope.event.operation,
    subject: envelope.event.subject,
    client: null,
    state: 'running',
    startedAt: envelope.time,
    finishedAt: null,
    spans: [],
    error: null,
    progress: [],
    containerId: null,
  });
  return [{ kind: 'operation', id, change: 'added' }];
}

function patchOperation(state: EngineState, id: string | null, patch: Partial<OperationView>): readonly StateChange[] {
  const operation = id === null ? undefined : state.operations.get(id);
  if (operation === undefined) return [];
  state.operations.set(operation.id, { ...operation, ...patch });
  return [{ kind: 'operation', id: operation.id, change: 'changed' }];
}

function pullProgress(state: EngineState, id: string | null, progress: OperationView['progress']): readonly StateChange[] {
  const operation = id === null ? undefined : state.operations.get(id);
  return operation?.state === 'running' ? patchOperation(state, operation.id, { progress }) : [];
}
