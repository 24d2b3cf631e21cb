import { JockerError } from '../errors/jocker-error.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStore } from './container-store.ts';

/** The record as it is now, for a verb that has waited for its turn. */
export function currentRecord(store: ContainerStore, id: string): ContainerRecord {
  const record = store.get(id);
  if (record !== undefined) return record;
  throw new JockerError('not-found', `container ${id.slice(0, 12)} has been removed`, { details: { reason: 'no-such-container' } });
}
