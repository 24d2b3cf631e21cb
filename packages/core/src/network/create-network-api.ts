import type { CallOptions } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { Operation } from '../operation/operation.ts';
import type { Operations } from '../operation/operations.ts';
import { assertNetworkName, defaultNetworkName, makeNetwork } from './make-network.ts';
import { connectContainer, disconnectContainer } from './connect-container.ts';
import type { NetworkApi, NetworkView } from './network-api.ts';
import type { NetworkDeps } from './network-deps.ts';
import type { NetworkRecord } from './network-record.ts';

/** Each verb as an operation. */
export function createNetworkApi(deps: NetworkDeps, operations: Operations): NetworkApi {
  const run = <T>(
    verb: string,
    subject: string,
    options: CallOptions | undefined,
    work: (operation: Operation) => Promise<T>,
  ): Promise<T> => operations.run({ verb: `network.${verb}`, subject, signal: options?.signal, client: options?.client }, work);
  const remove = (record: NetworkRecord, options?: CallOptions): Promise<void> =>
    run('remove', record.name, options, (operation) => removeNetwork(deps, record, operation));

  return {
    async create(request, options) {
      assertNetworkName(request.name);
      if (request.name === defaultNetworkName)
        throw new JockerError('permission-denied', `the name ${request.name} belongs to the network that the engine makes`, {
          details: { reason: 'predefined' },
        });
      return await run('create', request.name, options, async (operation) =>
        toNetworkView(deps, await makeNetwork(deps, request, operation, operation.id)),
      );
    },
    list: async () => deps.networks.list().map((record) => toNetworkView(deps, record)),
    inspect: async (reference) => toNetworkView(deps, deps.networks.find(reference)),
    remove: async (reference, options) => await remove(deps.networks.find(reference), options),
    async connect(reference, container, settings = {}, options) {
      const [network, record] = [deps.networks.find(reference), deps.containers.find(container)];
      await run('connect', network.name, options, (operation) => connectContainer(deps, network, record.id, settings, operation));
    },
    async disconnect(reference, container, options) {
      const [network, record] = [deps.networks.find(reference), deps.containers.find(container)];
      await run('disconnect', network.name, options, (operation) => disconnectContainer(deps, network, record.id, operation));
    },
    async prune({ filter = () => true } = {}) {
      const unused = deps.networks
        .list()
        .map((record) => toNetworkView(deps, record))
        .filter((view) => view.name !== defaultNetworkName && view.containers.length === 0 && filter(view));
      const removed: string[] = [];
      for (const view of unused) {
        // One that a container took meanwhile stays.
        if (
          await remove(view).then(
            () => true,
            () => false,
          )
        )
          removed.push(view.name);
      }
      deps.publisher.publish('prune:finished', { kind: 'networks', reclaimedBytes: 0 });
      return { removed };
    },
  };
}

function toNetworkView(deps: Pick<NetworkDeps, 'containers'>, record: NetworkRecord): NetworkView {
  return {
    ...record,
    containers: deps.containers.list().flatMap(({ id: containerId, name, networks, endpoints }) => {
      if (!networks.some(({ networkId }) => networkId === record.id)) return [];
      return [{ containerId, name, endpoint: endpoints.find(({ networkId }) => networkId === record.id) ?? null }];
    }),
  };
}

async function removeNetwork(deps: NetworkDeps, record: NetworkRecord, operation: Operation): Promise<void> {
  if (record.name === defaultNetworkName)
    throw new JockerError('failed-precondition', `the network ${record.name} belongs to the engine and cannot be removed`, {
      details: { reason: 'predefined' },
    });
  await deps.networkLock.run(record.id, async () => {
    const running = deps.containers.list().filter(({ endpoints }) => endpoints.some(({ networkId }) => networkId === record.id));
    if (running.length > 0) {
      const names = running.map(({ name }) => name).join(', ');
      throw new JockerError('failed-precondition', `network ${record.name} has active endpoints: ${names}`, {
        details: { reason: 'in-use' },
      });
    }
    await Promise.all(deps.releasing);
    const { plugin, value: driver } = deps.drivers.byName(record.driver);
    await operation.stage('remove', plugin, (stage) => driver.removeNetwork(record, stage));
    deps.publisher.publish(
      'network:removed',
      { networkId: record.id, name: record.name },
      {
        operationId: operation.id,
        change: () => deps.networks.remove(record.id),
      },
    );
  });
}
