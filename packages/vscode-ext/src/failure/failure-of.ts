import type { OperationView } from '@jocker/protocol';
import type { EngineConnection } from '../connection/engine-connection.ts';
import { operationsOf } from '../containers/operations-of.ts';
import { explainFailure, type FailureExplanation } from './explain-failure.ts';

const logLines = 10;

/** Collects what the engine knows of a failure. `id` is a container's or an operation's. */
export async function failureOf(connection: EngineConnection, id: string): Promise<FailureExplanation> {
  const { state } = connection.model;
  const container = state.containers.get(id);
  const known: OperationView | undefined =
    state.operations.get(id) ??
    (container === undefined
      ? undefined
      : (operationsOf(connection, container.id).find((operation) => operation.state === 'failed') ??
        operationsOf(connection, container.id).find((operation) => operation.operation === 'container.start')));
  // The model has an operation's outcome; its steps are asked for when someone looks.
  const operation = known === undefined ? undefined : await connection.client.operations.get(known.id).catch(() => known);
  return explainFailure({ operation, container, lastLogLines: container === undefined ? [] : await lastLines(connection, container.id) });
}

async function lastLines(connection: EngineConnection, containerId: string): Promise<readonly string[]> {
  const lines: string[] = [];
  try {
    for await (const entry of connection.client.containers.logs(containerId, { tail: logLines }))
      lines.push(entry.data.toString('utf8').trimEnd());
  } catch {
    // A container that never ran has no log.
  }
  return lines;
}
