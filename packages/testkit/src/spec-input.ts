import type { CreateRequest, HostFacts, SpecInput } from '@jocker/core';

const silent = (): undefined => undefined;

const host: HostFacts = {
  cgroup: { version: 'v2', controllers: ['cpu', 'cpuset', 'io', 'memory', 'pids'] },
  capabilities: ['CAP_CHOWN', 'CAP_KILL', 'CAP_NET_BIND_SERVICE', 'CAP_SETGID', 'CAP_SETUID'],
  rlimits: { RLIMIT_NOFILE: 1_048_576 },
  cpuCount: 4,
  memoryBytes: 8 * 1024 ** 3,
  kernelRelease: '6.1.0',
  apparmor: false,
  seccomp: true,
};

export interface SpecInputOptions {
  readonly request?: Partial<CreateRequest>;
  readonly host?: Partial<HostFacts>;
  /** Regular files of the container's root, by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What the engine would hand to a spec mutator: a small machine, an empty image, and what the test says. Frozen, as in the engine. */
export function specInput(options: SpecInputOptions = {}): SpecInput {
  const files = new Map(Object.entries(options.files ?? {}));
  const isDirectory = (path: string): boolean => path === '/' || [...files.keys()].some((file) => file.startsWith(`${path}/`));
  return deepFreeze({
    containerId: 'c'.repeat(64),
    request: { image: 'test:1', ...options.request },
    image: { reference: 'docker.io/library/test:1', config: {} },
    host: { ...host, ...options.host },
    stateDirectory: '/nonexistent/state',
    volumes: new Map(),
    rootfs: {
      readFile: async (path) => (files.has(path) ? Buffer.from(files.get(path) ?? '') : undefined),
      stat: async (path) => (files.has(path) ? 'file' : isDirectory(path) ? 'directory' : undefined),
      resolve: async (path) => path,
    },
    context: {
      signal: options.signal ?? new AbortController().signal,
      log: { debug: silent, info: silent, warn: silent, error: silent },
    },
  });
}

/** Plain data only: signals and functions stay as they are. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value) as never)) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
