import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { reasonOf, JockerError } from '../errors/jocker-error.ts';
import { healthPlanOf } from '../health/health-plan.ts';
import { firstHealth } from '../health/next-health.ts';
import type { EndpointRecord } from '../network/network-record.ts';
import type { Operation } from '../operation/operation.ts';
import type { Bundle } from '../runtime/runtime-backend.ts';
import type { ContainerDeps } from './container-deps.ts';
import type { ContainerRecord } from './container-record.ts';
import { isAlive } from './container-state.ts';
import { subjectOf } from './container-subject.ts';
import { currentRecord } from './current-record.ts';
import type { MountedVolumes } from '../volume/container-volumes.ts';
import { joinNamespaces } from './join-namespaces.ts';
import { releaseRuntime, watchExit } from './watch-exit.ts';

/** Makes the container's process and lets it go. A start that fails leaves the container as it was, with `error` and a code. */
export async function startContainer(deps: ContainerDeps, id: string, operation: Operation, byPolicy = false): Promise<void> {
  await deps.lock.run(id, async () => {
    const record = currentRecord(deps.store, id);
    assertStartable(record, byPolicy);
    if (!byPolicy) deps.runs.cancelRestart(id);
    const earlier = deps.runs.get(id);
    if (earlier !== undefined) {
      await earlier.released;
      if (deps.runs.get(id) === earlier) await releaseRuntime(deps, record);
    }
    await run(deps, record, operation, byPolicy);
  });
}

function assertStartable({ name, status }: ContainerRecord, byPolicy: boolean): void {
  if (status === 'created' || status === 'exited' || status === 'restarting') return;
  // A policy's restart that finds the container started by somebody else, or being removed, has nothing to do.
  const details = isAlive(status) || byPolicy ? { reason: 'not-modified' } : {};
  throw new JockerError('failed-precondition', `container ${name} is ${status}`, { details });
}

async function run(deps: ContainerDeps, record: ContainerRecord, operation: Operation, byPolicy: boolean): Promise<void> {
  const { id } = record;
  const { plugin, value: runtime } = deps.drivers.runtimes.byName(record.runtime);
  const begun = performance.now();
  runtime.prewarm?.();
  let pid: number;
  let endpoints: readonly EndpointRecord[] = [];
  let startedAtMs: number;
  try {
    endpoints = await deps.networks.reserve(record);
    await using volumes = await deps.volumes.mount(record, deps.store.spec(id).spec, operation);
    const bundle = await prepareBundle(deps, record, volumes);
    await deps.checkpoint?.('start:bundle');
    ({ pid } = await operation.stage('create', plugin, (stage) => runtime.create(id, bundle, stage)));
    await deps.checkpoint?.('start:runtime-created');
    endpoints = await deps.networks.attach(record, endpoints, pid, operation);
    await deps.pendingAttaches.connect(id, () => runtime.attach(id, bundle, operation));
    startedAtMs = Date.now();
    await operation.stage('start', plugin, (stage) => runtime.start(id, bundle, stage));
    await deps.checkpoint?.('start:runtime-started');
  } catch (error) {
    await undo(deps, record, error, endpoints);
    throw error;
  }
  const startedAt = new Date(startedAtMs).toISOString();
  const health = healthPlanOf(record) === undefined ? null : firstHealth;
  deps.publisher.publish(
    'container:started',
    {
      ...subjectOf(record),
      pid,
      startedAt,
      networks: currentRecord(deps.store, id).networks,
      endpoints,
      health: health?.status ?? null,
      durationMs: performance.now() - begun,
    },
    {
      operationId: operation.id,
      change: () =>
        deps.store.change(id, {
          status: 'running',
          pid,
          startedAt,
          exitCode: null,
          oomKilled: false,
          health,
          error: '',
          stoppedByUser: false,
          restartCount: byPolicy ? record.restartCount : 0,
        }),
    },
  );
  await deps.checkpoint?.('start:recorded');
  void watchExit(deps, record, startedAtMs);
}

async function prepareBundle(deps: ContainerDeps, record: ContainerRecord, volumes: MountedVolumes): Promise<Bundle> {
  const { id, request } = record;
  const directory = deps.paths.bundle(id);
  const snapshotter = deps.drivers.snapshotters.byName(record.snapshotter).value;
  const spec = joinNamespaces(volumes.spec, record, deps.store);
  // The mount point lies in the bundle; the mounts themselves are made in the monitor's namespace only.
  const [rootfs] = await Promise.all([snapshotter.mounts(id), mkdir(resolve(directory, spec.root.path), { recursive: true, mode: 0o711 })]);
  return {
    directory,
    spec,
    rootfs,
    tty: request.tty ?? false,
    openStdin: request.openStdin ?? false,
    stdinOnce: request.stdinOnce ?? false,
    logPath: request.logging?.driver === 'none' ? undefined : deps.paths.log(id),
  };
}

async function undo(deps: ContainerDeps, record: ContainerRecord, error: unknown, endpoints: readonly EndpointRecord[]): Promise<void> {
  deps.pendingAttaches.end(record.id);
  const exitCode = { 'command-not-found': 127, 'command-not-executable': 126 }[String(reasonOf(error))] ?? 128;
  try {
    await releaseRuntime(deps, record);
  } catch (failure) {
    deps.log.warn('a failed start left traces in the runtime', { container: record.name, error: String(failure) });
  }
  await Promise.all([deps.networks.release(endpoints), deps.volumes.unmount(record)]);
  const changes = { error: error instanceof Error ? error.message : String(error), exitCode, endpoints: [] };
  deps.state.transaction(() => deps.store.change(record.id, record.status === 'restarting' ? { ...changes, status: 'exited' } : changes));
  if (record.status === 'restarting') deps.waiters.exited(record.id, { exitCode, error: changes.error }, true);
  if (record.request.autoRemove === true) deps.automatic.remove(record.id);
}
