import { defaultNetworkName } from './make-network.ts';
import type { NetworkDeps } from './network-deps.ts';

/** Once at the engine's start, before its containers: what is recorded is made again, what nobody recorded goes. */
export async function restoreNetworks(deps: NetworkDeps): Promise<void> {
  const context = { signal: deps.closing, log: deps.log };
  const endpoints = deps.containers.list().flatMap((record) => record.endpoints);
  for (const { value: driver } of await deps.drivers.usable()) {
    const networks = deps.networks
      .list()
      .filter((network) => network.driver === driver.name)
      .map((network) => ({ network, endpoints: endpoints.filter(({ networkId }) => networkId === network.id) }));
    try {
      await driver.restore(networks, context);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      deps.log.error('networks could not be brought back', { driver: driver.name, error: message });
      deps.publisher.publish('engine:warned', { what: `network driver ${driver.name}`, message });
    }
  }
}

/** When the engine closes. The default network is nobody's wish: without containers on it nothing of it stays on the machine. */
export async function removeUnusedDefault(deps: NetworkDeps): Promise<void> {
  const network = deps.networks.byName(defaultNetworkName);
  if (network === undefined) return;
  if (deps.containers.list().some(({ endpoints }) => endpoints.some(({ networkId }) => networkId === network.id))) return;
  try {
    await deps.drivers.byName(network.driver).value.removeNetwork(network, { signal: new AbortController().signal, log: deps.log });
  } catch (error) {
    deps.log.warn('the default network could not be removed', { error: error instanceof Error ? error.message : String(error) });
  }
}
