import type { OperationView } from '@jocker/protocol';
import type { EngineConnection } from '../connection/engine-connection.ts';

/** The operations on a container, newest first. An operation names its container by id, or by what was asked for. */
export function operationsOf(connection: EngineConnection, containerId: string): readonly OperationView[] {
  return [...connection.model.state.operations.values()]
    .filter((operation) => containerOf(connection, operation) === containerId)
    .toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}

export function containerOf(connection: EngineConnection, operation: OperationView): string | undefined {
  if (operation.containerId !== null) return operation.containerId;
  if (!operation.operation.startsWith('container.')) return undefined;
  const { containers } = connection.model.state;
  if (containers.has(operation.subject)) return operation.subject;
  for (const container of containers.values()) if (container.name === operation.subject) return container.id;
  return undefined;
}
