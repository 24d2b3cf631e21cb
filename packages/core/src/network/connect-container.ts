import type { ContainerRecord } from '../container/container-record.ts';
import { isAlive } from '../container/container-state.ts';
import { subjectOf } from '../container/container-subject.ts';
import { currentRecord } from '../container/current-record.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { Operation } from '../operation/operation.ts';
import { attachmentOf, releaseLive, reserveEndpoint } from './container-networks.ts';
import type { EndpointSettings } from './network-attachment.ts';
import type { NetworkDeps } from './network-deps.ts';
import { writeNetworkFiles } from './network-files.ts';
import type { NetworkRecord } from './network-record.ts';
import { requestedPorts } from './requested-ports.ts';

/** A container that does not run is wired when it starts. */
export async function connectContainer(
  deps: NetworkDeps,
  network: NetworkRecord,
  containerId: string,
  settings: EndpointSettings,
  operation: Operation,
): Promise<void> {
  await deps.containerLock.run(containerId, async () => {
    const record = currentRecord(deps.containers, containerId);
    assertHasNetworks(record);
    if (record.networks.some(({ networkId }) => networkId === network.id)) {
      throw new JockerError('failed-precondition', `container ${record.name} is on network ${network.name} already`, {
        details: { reason: 'already-connected' },
      });
    }
    const attachment = attachmentOf(network, settings);
    const networks = [...record.networks, attachment];
    if (!isAlive(record.status)) {
      publish(deps, 'network:connected', network, record, operation, () => deps.containers.change(containerId, { networks }));
      return;
    }
    const { plugin, value: driver } = deps.drivers.byName(network.driver);
    // One that publishes nothing yet, for want of a way in, has one now.
    const publishes = network.internal || record.endpoints.some(({ ports }) => ports.length > 0);
    const ports = publishes ? [] : requestedPorts(record, deps.publishAddress);
    const reserved = await reserveEndpoint(deps, record, attachment, { interfaceName: freeInterface(record), ports });
    try {
      const endpoint = await operation.stage(`network ${network.name}`, plugin, (stage) => driver.attach(network, reserved, record, stage));
      if (!isAlive(currentRecord(deps.containers, containerId).status))
        throw new JockerError('failed-precondition', `container ${record.name} ended while it was being connected`);
      const endpoints = [...record.endpoints, endpoint];
      publish(deps, 'network:connected', network, record, operation, () => deps.containers.change(containerId, { networks, endpoints }));
      await writeNetworkFiles(deps, record, endpoints);
    } catch (error) {
      const { endpoints } = currentRecord(deps.containers, containerId);
      deps.state.transaction(() =>
        deps.containers.change(containerId, { endpoints: endpoints.filter(({ endpointId }) => endpointId !== reserved.endpointId) }),
      );
      await releaseLive(deps, reserved, record.pid);
      throw error;
    }
  });
}

export async function disconnectContainer(
  deps: NetworkDeps,
  network: NetworkRecord,
  containerId: string,
  operation: Operation,
): Promise<void> {
  await deps.containerLock.run(containerId, async () => {
    const record = currentRecord(deps.containers, containerId);
    const endpoint = record.endpoints.find(({ networkId }) => networkId === network.id);
    if (endpoint === undefined && !record.networks.some(({ networkId }) => networkId === network.id)) {
      throw new JockerError('failed-precondition', `container ${record.name} is not on network ${network.name}`, {
        details: { reason: 'not-connected' },
      });
    }
    const endpoints = record.endpoints.filter((other) => other !== endpoint);
    const networks = record.networks.filter(({ networkId }) => networkId !== network.id);
    publish(deps, 'network:disconnected', network, record, operation, () => deps.containers.change(containerId, { networks, endpoints }));
    if (endpoint === undefined) return;
    await releaseLive(deps, endpoint, record.pid);
    await writeNetworkFiles(deps, record, endpoints);
  });
}

function assertHasNetworks({ name, request }: ContainerRecord): void {
  const mode = request.network ?? 'none';
  if (mode === 'host' || mode.startsWith('container:')) {
    throw new JockerError(
      'failed-precondition',
      `container ${name} has no network of its own (${mode.split(':')[0]}) and cannot be connected`,
      {
        details: { reason: 'no-own-network' },
      },
    );
  }
}

function freeInterface({ endpoints }: ContainerRecord): string {
  const taken = new Set(endpoints.map(({ interfaceName }) => interfaceName));
  for (let index = 0; ; index++) if (!taken.has(`eth${index}`)) return `eth${index}`;
}

function publish(
  deps: NetworkDeps,
  name: 'network:connected' | 'network:disconnected',
  network: NetworkRecord,
  { id }: ContainerRecord,
  operation: Operation,
  change: () => ContainerRecord,
): void {
  deps.state.transaction(() => {
    const changed = change();
    deps.publisher.publish(
      name,
      {
        ...subjectOf(changed),
        networkId: network.id,
        network: network.name,
        driver: network.driver,
        networks: changed.networks,
        endpoints: changed.endpoints,
      },
      { operationId: operation.id },
    );
    return id;
  });
}
