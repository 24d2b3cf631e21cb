import { randomBytes } from 'node:crypto';
import type { ContainerVerbs } from '../container/container-verbs.ts';
import type { ContainerStore } from '../container/container-store.ts';
import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { LeaseApi } from './lease-api.ts';

/** Containers are made under an open lease only, so that none is left by an end that comes while it is made. */
export interface LeaseCheck {
  /** Throws `failed-precondition` for a lease that is not open. */
  assertOpen(id: string): void;
}

export interface Leases extends LeaseApi, LeaseCheck {
  /** Ends every lease, also those of an earlier engine: removes whatever was made under any. */
  endAll(): Promise<void>;
}

export interface LeasesDeps {
  readonly store: Pick<ContainerStore, 'list'>;
  readonly remove: ContainerVerbs['remove'];
  readonly log: Logger;
}

export function createLeases(deps: () => LeasesDeps): Leases {
  const open = new Set<string>();
  const removeLeased = async (isEnded: (lease: string) => boolean): Promise<void> => {
    const { store, remove, log } = deps();
    const leased = store.list().filter(({ request: { lease } }) => lease !== undefined && isEnded(lease));
    await Promise.all(
      leased.map(async ({ id, name }) => {
        try {
          await remove(id, { force: true, volumes: true, client: 'lease' });
        } catch (error) {
          if (isJockerError(error, 'not-found')) return;
          log.error('a container whose lease has ended stays', { container: name, error: String(error) });
        }
      }),
    );
  };
  return {
    async open() {
      const id = randomBytes(16).toString('hex');
      open.add(id);
      return { id };
    },
    async end(id) {
      open.delete(id);
      await removeLeased((lease) => lease === id);
    },
    async endAll() {
      open.clear();
      await removeLeased(() => true);
    },
    assertOpen(id) {
      if (!open.has(id)) throw new JockerError('failed-precondition', `lease ${id} is not open`, { details: { lease: id } });
    },
  };
}
