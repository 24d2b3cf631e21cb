import { definePlugin, specPermissions, type Plugin, type SpecMutator } from '@jocker/core';
import { annotations } from './annotations.ts';
import { capabilities } from './capabilities.ts';
import { devices } from './devices.ts';
import { env } from './env.ts';
import { generatedFiles } from './generated-files.ts';
import { hostLimits } from './host-limits.ts';
import { hostname } from './hostname.ts';
import { imageProcess } from './image-process.ts';
import { init } from './init.ts';
import { mounts } from './mounts.ts';
import { namespaces } from './namespaces.ts';
import { privileged } from './privileged.ts';
import { resources } from './resources.ts';
import { rlimits } from './rlimits.ts';
import { seccomp } from './seccomp.ts';
import { security } from './security.ts';
import { shmSize } from './shm-size.ts';
import { sysctls } from './sysctls.ts';
import { terminal } from './terminal.ts';
import { user } from './user.ts';

/**
 * What turns a request and an image into a spec, in this order: each may rely on those before it. All but the last two run
 * early, so that a user's own mutators (`normal`) see a finished spec; `host-limits` and `seccomp` then look at theirs too.
 */
export const builtInMutators: readonly SpecMutator[] = [
  imageProcess,
  user,
  hostname,
  env,
  namespaces,
  shmSize,
  mounts,
  generatedFiles,
  capabilities,
  resources,
  devices,
  rlimits,
  security,
  privileged,
  sysctls,
  terminal,
  init,
  annotations,
  hostLimits,
  seccomp,
];

export const specMutators: Plugin = definePlugin({
  name: 'spec-mutators',
  permissions: specPermissions,
  setup(jocker) {
    for (const mutator of builtInMutators) jocker.provide('specMutator', () => mutator);
  },
});
