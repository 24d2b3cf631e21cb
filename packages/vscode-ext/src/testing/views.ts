import type { ContainerView, EngineSnapshot, ImageView } from '@jocker/protocol';

/** Views for tests: a valid one, with what the test is about on top. */
export function containerView(over: Partial<ContainerView> = {}): ContainerView {
  return {
    id: 'c'.repeat(64),
    name: 'web',
    image: 'host:busybox',
    imageId: `sha256:${'1'.repeat(64)}`,
    command: ['sleep', '1000'],
    status: 'running',
    exitCode: null,
    oomKilled: false,
    health: null,
    error: '',
    pid: 42,
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: '2026-01-01T00:00:01.000Z',
    finishedAt: null,
    labels: {},
    tty: false,
    openStdin: false,
    runtime: 'crun',
    snapshotter: 'overlay',
    network: 'none',
    networks: [],
    endpoints: [],
    exposedPorts: [],
    mounts: [],
    autoRemove: false,
    origin: null,
    ...over,
  };
}

export function imageView(over: Partial<ImageView> = {}): ImageView {
  return {
    id: `sha256:${'1'.repeat(64)}`,
    references: ['host:busybox'],
    repoDigests: [],
    manifest: `sha256:${'2'.repeat(64)}`,
    created: '2026-01-01T00:00:00.000Z',
    sizeBytes: 1_000_000,
    platform: { os: 'linux', architecture: 'amd64' },
    labels: {},
    containers: 0,
    source: 'host',
    ...over,
  };
}

export function snapshot(over: Partial<EngineSnapshot> = {}): EngineSnapshot {
  return { seq: 0, engineId: 'e1', containers: [], images: [], networks: [], volumes: [], execs: [], operations: [], ...over };
}
