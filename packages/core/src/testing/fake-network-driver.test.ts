import { createFakeNetworkDriver, createFakeNetworkWorld } from './fake-network-driver.ts';
import { describeNetworkDriver } from './network-driver-contract.ts';

describeNetworkDriver('fake', async () => {
  const world = createFakeNetworkWorld();
  const driver = createFakeNetworkDriver(world);
  let nextPid = 1;
  return {
    driver,
    async openNamespace() {
      const pid = nextPid++;
      const attached = (): readonly { readonly networkId: string; readonly addresses: readonly string[] }[] =>
        [...world.wired.values()].flatMap((each) => (each.pid === pid ? [each.endpoint] : []));
      const end = async (): Promise<void> => world.end(pid);
      return {
        pid,
        addresses: async () => attached().flatMap(({ addresses }) => addresses),
        async reaches(address) {
          const networks = new Set(attached().map(({ networkId }) => networkId));
          return [...world.wired.values()].some(
            ({ endpoint }) => networks.has(endpoint.networkId) && endpoint.addresses.some((each) => each.startsWith(`${address}/`)),
          );
        },
        end,
        [Symbol.asyncDispose]: end,
      };
    },
    traces: async () => [...world.networks.keys(), ...world.wired.keys(), ...world.ports.keys()],
    close: async () => await driver.close(),
  };
});
