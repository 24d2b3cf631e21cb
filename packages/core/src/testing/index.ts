export * from './fake-runtime.ts';
export type * from './fake-process.ts';
export * from './runtime-backend-contract.ts';
export { describeSnapshotter, type SnapshotterUnderTest } from './snapshotter-contract.ts';
export * from './content-store-contract.ts';
export * from './image-fixture.ts';
export * from './image-source-contract.ts';
export { describeNetworkDriver, type NetworkDriverUnderTest, type NetworkNamespace } from './network-driver-contract.ts';
export { createFakeNetworkDriver, createFakeNetworkWorld, type FakeNetworkWorld } from './fake-network-driver.ts';
