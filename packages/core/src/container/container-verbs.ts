import type { CallOptions, ContainerApi } from '../engine/engine.ts';
import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { Operation } from '../operation/operation.ts';
import type { Operations } from '../operation/operations.ts';
import { explainSpec } from '../spec/explain-spec.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';
import { isAlive } from './container-state.ts';
import { toContainerView } from './container-view.ts';
import { createContainer, dryRunContainer } from './create-container.ts';
import { killContainer } from './kill-container.ts';
import { pauseContainer, unpauseContainer } from './pause-container.ts';
import { pruneContainers } from './prune-containers.ts';
import { removeContainer } from './remove-container.ts';
import { renameContainer } from './rename-container.ts';
import { restartContainer } from './restart-container.ts';
import { startContainer } from './start-container.ts';
import { stopContainer } from './stop-container.ts';
import { updateContainer } from './update-container.ts';
import { waitContainer } from './wait-container.ts';

/** The part of `containers` that is about their life. */
export type ContainerVerbs = Pick<
  ContainerApi,
  | 'create'
  | 'dryRun'
  | 'start'
  | 'stop'
  | 'restart'
  | 'kill'
  | 'pause'
  | 'unpause'
  | 'rename'
  | 'update'
  | 'wait'
  | 'remove'
  | 'prune'
  | 'list'
  | 'spec'
  | 'explain'
>;

/** Each verb as an operation. What is wrong at first sight is refused before there is one. */
export function createContainerVerbs(deps: ContainerDeps, operations: Operations): ContainerVerbs {
  const on = async <T>(
    record: ContainerRecord,
    verb: string,
    options: CallOptions | undefined,
    work: (operation: Operation) => Promise<T>,
  ): Promise<T> => {
    const { name: subject, id: containerId } = record;
    const request = { verb: `container.${verb}`, subject, containerId, signal: options?.signal, client: options?.client };
    return operations.run({ ...request, urgent: verb === 'remove' }, work);
  };

  return {
    async create(request, options) {
      const subject = request.name ?? request.image;
      return operations.run({ verb: 'container.create', subject, signal: options?.signal, client: options?.client }, (operation) =>
        createContainer(deps, request, operation, options),
      );
    },
    dryRun: async (request, options) =>
      operations.run({ verb: 'container.dry-run', subject: request.image, signal: options?.signal, client: options?.client }, (operation) =>
        dryRunContainer(deps, request, operation),
      ),
    async start(id, options) {
      const record = deps.store.find(id);
      if (isAlive(record.status)) throw notModified(`container ${record.name} runs already`);
      await on(record, 'start', options, (operation) => startContainer(deps, record.id, operation));
    },
    async stop(id, options) {
      const record = deps.store.find(id);
      if (!isAlive(record.status) && record.status !== 'restarting')
        throw notModified(`container ${record.name} is not running, it is ${record.status}`);
      await on(record, 'stop', options, (operation) => stopContainer(deps, record.id, operation, options));
    },
    async restart(id, options) {
      const record = deps.store.find(id);
      await on(record, 'restart', options, (operation) => restartContainer(deps, record.id, operation, options));
    },
    async kill(id, signal, options) {
      const record = deps.store.find(id);
      await on(record, 'kill', options, (operation) => killContainer(deps, record.id, signal, operation));
    },
    async pause(id, options) {
      const record = deps.store.find(id);
      await on(record, 'pause', options, (operation) => pauseContainer(deps, record.id, operation));
    },
    async unpause(id, options) {
      const record = deps.store.find(id);
      await on(record, 'unpause', options, (operation) => unpauseContainer(deps, record.id, operation));
    },
    rename: async (id, name) => renameContainer(deps, deps.store.find(id).id, name),
    async update(id, change) {
      const record = deps.store.find(id);
      await on(record, 'update', undefined, (operation) => updateContainer(deps, record.id, change, operation));
      return { warnings: [] };
    },
    wait: async (id, options) => waitContainer(deps, id, options?.condition, options?.signal),
    async remove(id, options) {
      const record = deps.store.find(id);
      await on(record, 'remove', options, (operation) => removeContainer(deps, record.id, operation, options));
    },
    prune: async (options) =>
      operations.run({ verb: 'container.prune', subject: 'containers', urgent: true }, (operation) =>
        pruneContainers(deps, options?.filter ?? (() => true), operation),
      ),
    list: async () => deps.store.list().map(toContainerView),
    spec: async (id) => deps.store.spec(deps.store.find(id).id),
    explain: async (id, path) => explainSpec(deps.store.spec(deps.store.find(id).id).steps, path),
  };
}

const notModified = (message: string): JockerError =>
  new JockerError('failed-precondition', message, { details: { reason: 'not-modified' } });

/** What the engine does by itself after an exit. That a user came first is no news. */
export function createAutomaticVerbs(getDeps: () => ContainerDeps, operations: Operations): ContainerDeps['automatic'] {
  const run = (id: string, verb: string, client: string, work: (operation: Operation) => Promise<void>): void => {
    const { store, closing, log } = getDeps();
    const record = store.get(id);
    if (record === undefined || closing.aborted) return;
    operations
      .run({ verb: `container.${verb}`, subject: record.name, containerId: id, client, urgent: verb === 'remove' }, work)
      .catch((error: unknown) => {
        const isOvertaken = isJockerError(error, 'failed-precondition') || isJockerError(error, 'not-found');
        log[isOvertaken ? 'debug' : 'warn'](`the automatic ${verb} of a container failed`, {
          container: record.name,
          error: String(error),
        });
      });
  };
  return {
    start: (id) => run(id, 'start', 'restart-policy', (operation) => startContainer(getDeps(), id, operation, true)),
    remove: (id) => run(id, 'remove', 'auto-remove', (operation) => removeContainer(getDeps(), id, operation)),
  };
}
