import type { OperationView } from '../engine/engine.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { OperationStore } from './operation-store.ts';

/** Tells the end of operations that a killed engine left running, so that nobody who follows events waits for it. */
export function endInterrupted(store: OperationStore, publisher: EventPublisher): void {
  for (const { id, operation, subject, startedAt } of store.interrupted()) {
    const message = `the engine ended while ${operation} of ${subject} ran`;
    const view: OperationView = {
      id,
      operation,
      subject,
      client: null,
      state: 'failed',
      startedAt,
      finishedAt: new Date().toISOString(),
      spans: [],
      error: { code: 'unavailable', message, details: {} },
      progress: [],
      containerId: null,
    };
    publisher.publish(
      'operation:failed',
      { operation, subject, durationMs: Date.now() - Date.parse(startedAt), stage: null, plugin: null, code: 'unavailable', message },
      { operationId: id, change: () => store.save([view], 200) },
    );
  }
}
