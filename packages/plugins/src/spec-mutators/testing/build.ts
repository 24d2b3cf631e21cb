import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildSpec,
  createRootfsReader,
  specPermissions,
  type BuiltSpec,
  type CreateRequest,
  type HostFacts,
  type ImageRunConfig,
  type RootfsReader,
} from '@jocker/core';
import { builtInMutators } from '../spec-mutators.ts';

/** A machine that is the same wherever the tests run. */
export const machine: HostFacts = {
  cgroup: { version: 'v2', controllers: ['blkio', 'cpu', 'cpuset', 'memory', 'pids'], swapLimit: true, blkioWeight: true },
  capabilities: (
    'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE ' +
    'NET_ADMIN SYS_ADMIN SYS_PTRACE SYS_TIME'
  )
    .split(' ')
    .map((name) => `CAP_${name}`),
  rlimits: { RLIMIT_NOFILE: 20_000, RLIMIT_NPROC: 4096, RLIMIT_CORE: -1 },
  cpuCount: 4,
  memoryBytes: 8 * 2 ** 30,
  kernelRelease: '6.1.0',
  apparmor: false,
  seccomp: true,
};

export interface BuildInput {
  readonly request?: Partial<CreateRequest>;
  readonly image?: ImageRunConfig;
  readonly host?: Partial<HostFacts>;
  readonly rootfs?: RootfsReader;
  /** Read before it goes. */
  readonly inspect?: (stateDirectory: string) => Promise<void>;
}

/** All built-in mutators over one request; the image is busybox-like unless said otherwise. */
export async function build({
  request = {},
  image = { command: ['sh'] },
  host = {},
  rootfs,
  inspect,
}: BuildInput = {}): Promise<BuiltSpec> {
  const folder = await mkdtemp(join(tmpdir(), 'jocker-spec-'));
  try {
    const built = await buildSpec({
      containerId: 'c0ffee'.repeat(11).slice(0, 64),
      request: { image: 'busybox', ...request },
      image: { reference: 'docker.io/library/busybox:latest', config: image },
      host: { ...machine, ...host },
      mutators: builtInMutators.map((mutator) => ({ mutator, plugin: 'spec-mutators', permissions: specPermissions })),
      stateDirectory: folder,
      rootfs: rootfs ?? createRootfsReader([folder]),
      context: { signal: new AbortController().signal, log: { debug() {}, info() {}, warn() {}, error() {} } },
    });
    await inspect?.(folder);
    return JSON.parse(JSON.stringify(built).replaceAll(folder, '/state')) as BuiltSpec;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
