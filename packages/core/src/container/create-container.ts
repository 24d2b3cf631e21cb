import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerApi } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { ContainerSubject } from '../events/lifecycle-events.ts';
import type { NetworkAttachment } from '../network/network-attachment.ts';
import type { Operation } from '../operation/operation.ts';
import type { Driver } from '../plugin/drivers.ts';
import type { RuntimeBackend } from '../runtime/runtime-backend.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import { buildSpec, type BuildSpecOptions } from '../spec/build-spec.ts';
import { createRootfsReader } from '../spec/rootfs-reader.ts';
import type { BuiltSpec } from '../spec/spec-step.ts';
import { assertRequest } from './assert-request.ts';
import type { ContainerDeps, CreateOptions, ReadyImage } from './container-deps.ts';
import { assertContainerName } from './container-name.ts';
import type { ContainerRecord } from './container-record.ts';
import { toContainerView, toMountViews } from './container-view.ts';
import type { CreateRequest } from './create-request.ts';
import { withContainerIds } from './join-namespaces.ts';
import { planMounts, type PlannedMounts } from '../volume/plan-mounts.ts';
import { randomName } from './random-name.ts';
import { signalNumber } from './signal-number.ts';

interface Prepared extends PlannedMounts {
  readonly image: ReadyImage;
  readonly runtime: Driver<RuntimeBackend>;
  readonly snapshotter: Driver<Snapshotter>;
  readonly networks: readonly NetworkAttachment[];
  readonly warnings: readonly string[];
}

type CreatedContainer = Awaited<ReturnType<ContainerApi['create']>>;

/** Everything up to the start: nothing is mounted and no runtime is called. A create that fails leaves nothing. */
export async function createContainer(
  deps: ContainerDeps,
  asked: CreateRequest,
  operation: Operation,
  options: CreateOptions = {},
): Promise<CreatedContainer> {
  const begun = performance.now();
  const id = randomBytes(32).toString('hex');
  const name = asked.name === undefined ? randomName((taken) => deps.store.isNameTaken(taken)) : assertContainerName(asked.name);
  using _reservation = deps.store.reserveName(name, id);
  using _inUse = useAll(deps);
  if (asked.lease !== undefined) deps.leases.assertOpen(asked.lease);
  const prepared = await prepare(deps, asked, operation, options);
  const { image, snapshotter, request, anonymous } = prepared;
  deps.intents.begin('container', id, { snapshotter: snapshotter.value.name, volumes: anonymous.join(',') });
  await deps.checkpoint?.('create:intent');
  try {
    await Promise.all([
      operation.stage('snapshot', snapshotter.plugin, (stage) => snapshotter.value.prepare(id, image.chainId, stage)),
      mkdir(deps.paths.state(id), { recursive: true, mode: 0o711 }),
    ]);
    await deps.checkpoint?.('create:snapshot');
    const volumes = await deps.volumes.make(request, anonymous, operation);
    await deps.volumes.fill(id, request, snapshotter.value, operation);
    const specBegun = performance.now();
    const built = await operation.stage('spec', null, async (context) =>
      buildSpec({
        containerId: id,
        request,
        image: { reference: image.reference, config: image.config },
        host: deps.host,
        mutators: mutatorsOf(deps),
        stateDirectory: deps.paths.state(id),
        rootfs: createRootfsReader(await snapshotter.value.directories(id)),
        volumes,
        context,
      }),
    );
    const specMs = performance.now() - specBegun;
    operation.signal.throwIfAborted();
    await deps.checkpoint?.('create:spec');
    operation.concerns(id);
    const record = newRecord(
      id,
      name,
      prepared,
      built,
      toMountViews(request, volumes, (volume) => deps.volumes.driverOf(volume)),
    );
    const subject: ContainerSubject = { containerId: id, name, image: record.image, labels: record.labels };
    const inOperation = { operationId: operation.id };
    deps.state.transaction(() => {
      if (request.lease !== undefined) deps.leases.assertOpen(request.lease);
      deps.intents.end('container', id);
      deps.store.add(record, built);
      deps.publisher.publish(
        'spec:built',
        { ...subject, mutators: built.steps.map((step) => step.mutator), durationMs: specMs },
        inOperation,
      );
      const durationMs = performance.now() - begun;
      const { imageId } = record;
      deps.publisher.publish(
        'container:created',
        { ...subject, imageId, runtime: record.runtime, durationMs, view: toContainerView(record) },
        inOperation,
      );
    });
    await deps.checkpoint?.('create:recorded');
    return { id, name, warnings: prepared.warnings };
  } catch (error) {
    await undo(deps, id, snapshotter.value, anonymous);
    throw error;
  }
}

/** The spec that `createContainer` would make. */
export async function dryRunContainer(deps: ContainerDeps, asked: CreateRequest, operation: Operation): Promise<BuiltSpec> {
  using _inUse = useAll(deps);
  const { image, snapshotter, request } = await prepare(deps, asked, operation, {});
  await mkdir(deps.paths.dryRunRoot, { recursive: true, mode: 0o700 });
  const stateDirectory = await mkdtemp(join(deps.paths.dryRunRoot, 'run-'));
  try {
    return await buildSpec({
      containerId: '0'.repeat(64),
      request,
      image: { reference: image.reference, config: image.config },
      host: deps.host,
      mutators: mutatorsOf(deps),
      stateDirectory,
      rootfs: createRootfsReader(image.chainId === undefined ? [] : await snapshotter.value.layerDirectories(image.chainId)),
      context: operation,
    });
  } finally {
    await rm(stateDirectory, { recursive: true, force: true });
  }
}

/** Whatever may be asked on the way stays until the container is recorded. */
function useAll({ plugins }: ContainerDeps): Disposable {
  const points = ['admissionRule', 'specMutator', 'runtimeBackend', 'snapshotter', 'networkDriver', 'volumeDriver'] as const;
  return plugins.use(points.flatMap((point) => plugins.contributions(point).map(({ plugin }) => plugin)));
}

const mutatorsOf = ({ plugins }: ContainerDeps): BuildSpecOptions['mutators'] =>
  plugins.contributions('specMutator').map(({ plugin, permissions, value }) => ({ plugin, permissions, mutator: value }));

async function prepare(deps: ContainerDeps, request: CreateRequest, operation: Operation, options: CreateOptions): Promise<Prepared> {
  assertRequest(request);
  deps.plugins.assertRequired();
  await admit(deps, request, operation);
  const [runtime, snapshotter] = await Promise.all([
    deps.drivers.runtimes.choose(request.runtime),
    deps.drivers.snapshotters.choose(request.snapshotter),
  ]);
  runtime.value.prewarm?.();
  const { attachments, warnings, ...resolved } = await deps.networks.resolve(request, operation);
  const image = await deps.images.ensure(request.image, {
    pull: request.pull ?? 'missing',
    platform: request.platform,
    snapshotter: snapshotter.value,
    credentials: options.credentials,
    onProgress: options.onProgress,
    operation,
  });
  const planned = planMounts({ ...withContainerIds(request, deps.store), ...resolved }, image.config, deps.store);
  return { ...planned, image, runtime, snapshotter, networks: attachments, warnings };
}

async function admit(deps: ContainerDeps, request: CreateRequest, operation: Operation): Promise<void> {
  for (const { plugin, value: rule } of deps.plugins.contributions('admissionRule')) {
    const details = { rule: rule.name, plugin };
    const admission = await operation
      .stage(`admission ${rule.name}`, plugin, async (stage) => await rule.decide(request, stage))
      .catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        throw new JockerError('permission-denied', `admission rule ${rule.name} failed: ${message}`, { cause: error, details });
      });
    if (!admission.allowed)
      throw new JockerError('permission-denied', `refused by admission rule ${rule.name}: ${admission.reason}`, { details });
  }
}

async function undo(deps: ContainerDeps, id: string, snapshotter: Snapshotter, anonymous: readonly string[]): Promise<void> {
  try {
    await deps.volumes.removeAnonymous(anonymous, { signal: deps.closing, log: deps.log });
    await snapshotter.remove(id);
    await rm(deps.paths.state(id), { recursive: true, force: true });
    deps.intents.end('container', id);
  } catch (error) {
    // The intent stays: the next start of the engine tries again.
    deps.log.error('a failed create could not be undone', { container: id, error: error instanceof Error ? error.message : String(error) });
  }
}

function newRecord(
  id: string,
  name: string,
  { request, image, runtime, snapshotter, networks }: Prepared,
  built: BuiltSpec,
  mounts: ContainerRecord['mounts'],
): ContainerRecord {
  return {
    id,
    name,
    createdAt: new Date().toISOString(),
    request,
    image: image.reference,
    imageId: image.imageId,
    imageConfig: image.config,
    chainId: image.chainId ?? null,
    platform: image.platform,
    runtime: runtime.value.name,
    snapshotter: snapshotter.value.name,
    command: built.spec.process.args,
    labels: { ...image.config.labels, ...request.labels },
    mounts,
    resources: request.resources ?? {},
    restartPolicy: request.restartPolicy ?? { name: 'no', maximumRetryCount: 0 },
    stopSignal: request.stopSignal ?? usableSignal(image.config.stopSignal),
    networks,
    endpoints: [],
    status: 'created',
    pid: 0,
    exitCode: null,
    oomKilled: false,
    health: null,
    error: '',
    startedAt: null,
    finishedAt: null,
    restartCount: 0,
    stoppedByUser: false,
  };
}

/** An image's nonsense does not keep a container from being stopped. */
function usableSignal(signal: string | undefined): string {
  if (signal === undefined) return 'SIGTERM';
  try {
    signalNumber(signal);
    return signal;
  } catch {
    return 'SIGTERM';
  }
}
