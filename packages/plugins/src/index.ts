export { builtins } from './builtins.ts';
export { builtInMutators, specMutators } from './spec-mutators/spec-mutators.ts';
export { overlaySnapshotter } from './snapshotters/overlay/overlay.ts';
export { copySnapshotter } from './snapshotters/copy/copy.ts';
export { crun } from './runtimes/crun/crun.ts';
export { runc } from './runtimes/runc/runc.ts';
export type { RuntimePluginOptions } from './runtimes/oci-cli/provide-runtime.ts';
