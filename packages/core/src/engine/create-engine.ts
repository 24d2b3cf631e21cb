import { mkdir } from 'node:fs/promises';
import type { ContainerDeps } from '../container/container-deps.ts';
import { createCommit } from '../container/commit-container.ts';
import { createContainerApi } from '../container/container-api.ts';
import { createFileApi } from '../container/container-file-api.ts';
import { createContainerPaths } from '../container/container-paths.ts';
import { createContainerRuns } from '../container/container-runs.ts';
import { createContainerStore } from '../container/container-store.ts';
import { createAutomaticVerbs } from '../container/container-verbs.ts';
import { createExitWaiters } from '../container/exit-waiters.ts';
import { createKeyedLock } from '../container/keyed-lock.ts';
import { createPendingAttaches } from '../container/pending-attaches.ts';
import { startContainerLogRotation } from '../container/rotate-container-logs.ts';
import { recoverContainers } from '../container/recover-containers.ts';
import { JockerError } from '../errors/jocker-error.ts';
import { createEventLog, type EventLog } from '../events/event-log.ts';
import { followEvents } from '../events/follow-events.ts';
import { LifecycleBus } from '../events/lifecycle-bus.ts';
import { endLostExecs } from '../exec/end-lost-execs.ts';
import { endInterrupted } from '../operation/end-interrupted.ts';
import type { Logger } from '../operation/operation-context.ts';
import { watchHealth } from '../health/watch-health.ts';
import { createLeases } from '../lease/leases.ts';
import { createContainerNetworks } from '../network/container-networks.ts';
import { createNetworkApi } from '../network/create-network-api.ts';
import type { NetworkDeps } from '../network/network-deps.ts';
import { createNetworkStore } from '../network/network-store.ts';
import { removeUnusedDefault, restoreNetworks } from '../network/restore-networks.ts';
import { createOperationStore } from '../operation/operation-store.ts';
import { createOperations } from '../operation/operations.ts';
import { createDrivers } from '../plugin/drivers.ts';
import { loadPlugins } from '../plugin/plugin-host.ts';
import { readHostFacts } from '../spec/host-facts.ts';
import { createIntents } from '../state/intents.ts';
import { lockFolder } from '../state/lock-folder.ts';
import { openState } from '../state/open-state.ts';
import { createContainerVolumes } from '../volume/container-volumes.ts';
import { createVolumeApi } from '../volume/create-volume-api.ts';
import { restoreVolumes } from '../volume/restore-volumes.ts';
import type { VolumeDeps } from '../volume/volume-deps.ts';
import { createVolumeStore } from '../volume/volume-store.ts';
import type { Engine, EventApi } from './engine.ts';
import { createDriverUsers } from './driver-users.ts';
import { createEngineExecs } from './engine-execs.ts';
import { openEngineImages } from './engine-images.ts';
import type { EngineOptions } from './engine-options.ts';
import { createEnginePlugins } from './engine-plugins.ts';
import { createEngineSystem } from './engine-system.ts';
import { engineVersion } from './engine-version.ts';

const defaultLogLimitBytes = 64 * 1024 * 1024;
const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** What only tests give. */
export interface EngineTrial {
  /** Called between the steps of create, start and remove; an engine that is killed there must be recoverable. */
  readonly checkpoint?: (name: string) => Promise<void>;
}

/**
 * Opens the engine of a data root and brings it up to date with what happened while none ran. Closing it leaves containers
 * running. Throws `failed-precondition` when another engine has that data root or run root.
 */
export async function createEngine(options: EngineOptions, trial: EngineTrial = {}): Promise<Engine> {
  const log = options.log ?? silent;
  const config = options.config ?? {};
  await using closers = new AsyncDisposableStack();
  await mkdir(options.runRoot, { recursive: true, mode: 0o711 });
  const state = closers.use(await openState(options.dataRoot));
  closers.use(await lockFolder(options.runRoot));
  const eventLog = createEventLog(state.database);
  const bus = new LifecycleBus(state, eventLog, log);
  const operationStore = createOperationStore(state.database);
  const operations = createOperations(bus, operationStore, log);
  closers.defer(() => bus.close());

  const { dataRoot, runRoot } = options;
  const store = createContainerStore(state.database, state, log);
  const networkStore = createNetworkStore(state.database, state);
  const volumeStore = createVolumeStore(state.database, state);
  const plugins = await loadPlugins({
    entries: options.plugins,
    events: bus,
    engineId: state.engineId,
    dataRoot,
    runRoot,
    log,
    usersOf: createDriverUsers({ containers: store, networks: networkStore, volumes: volumeStore }),
  });
  closers.defer(() => plugins.close());
  const drivers = createDrivers(plugins, { runtime: options.defaultRuntime, snapshotter: options.defaultSnapshotter });

  const images = closers.use(
    await openEngineImages({
      dataRoot,
      state,
      publisher: bus,
      operations,
      drivers,
      plugins,
      containers: store,
      log,
      downloadsAtOnce: config.maxConcurrentDownloads,
    }),
  );
  const closing = new AbortController();
  const paths = createContainerPaths(dataRoot, runRoot);
  const lock = createKeyedLock();
  const networkDeps: NetworkDeps = {
    networks: networkStore,
    containers: store,
    drivers: drivers.networks,
    state,
    publisher: bus,
    paths,
    containerLock: lock,
    networkLock: createKeyedLock(),
    releasing: new Set(),
    log,
    closing: closing.signal,
    defaultNetwork: config.defaultNetwork,
    publishAddress: config.publishAddress,
    checkpoint: trial.checkpoint,
  };
  const networks = createNetworkApi(networkDeps, operations);
  const volumeDeps: VolumeDeps = {
    volumes: volumeStore,
    containers: store,
    drivers,
    state,
    publisher: bus,
    paths,
    lock: createKeyedLock(),
    log,
    closing: closing.signal,
    checkpoint: trial.checkpoint,
  };
  const volumes = createVolumeApi(volumeDeps, operations);
  const leases = createLeases(() => ({ store, remove: containers.remove, log }));
  const deps: ContainerDeps = {
    store,
    state,
    intents: createIntents(state.database),
    publisher: bus,
    drivers,
    plugins,
    images: images.service,
    networks: createContainerNetworks(networkDeps),
    volumes: createContainerVolumes(volumeDeps),
    leases,
    host: await readHostFacts(),
    paths,
    lock,
    runs: createContainerRuns(),
    waiters: createExitWaiters(),
    pendingAttaches: createPendingAttaches(),
    log,
    automatic: createAutomaticVerbs(() => deps, operations),
    closing: closing.signal,
    ...trial,
  };
  const execs = createEngineExecs(deps);
  const fileApi = closers.use(createFileApi(deps));
  closers.use(bus.on('container:removed', ({ containerId }) => execs.removeContainer(containerId)));
  const logLimitBytes = config.logMaxSizeBytes ?? defaultLogLimitBytes;
  closers.use(startContainerLogRotation(deps, logLimitBytes));
  closers.defer(async () => {
    closing.abort(new JockerError('unavailable', 'the engine is closing'));
    execs.close();
    await operations.close();
    await deps.runs.close();
    await removeUnusedDefault(networkDeps);
  });

  endInterrupted(operationStore, bus);
  await endLostExecs(state.database, bus);
  await images.removeLeftovers();
  await restoreVolumes(volumeDeps);
  await restoreNetworks(networkDeps);
  await recoverContainers(deps, operations);
  closers.use(watchHealth(deps, bus));

  const containers = createContainerApi({
    deps,
    operations,
    events: bus,
    execIdsOf: async (id) => (await execs.list(id)).filter(({ status }) => status !== 'exited').map((exec) => exec.id),
    imageBytes: (id) => images.bytesOf(id),
  });
  await leases.endAll();
  closers.defer(() => leases.endAll());
  const commit = createCommit({ deps, operations, files: fileApi, archives: images.archives, imageStore: images.imageStore });
  const open = closers.move();
  return {
    events: createEventApi(bus, eventLog, closing.signal),
    images: images.api,
    containers: { ...containers, files: fileApi.files, changes: fileApi.changes, export: fileApi.export, commit },
    execs,
    networks,
    volumes,
    operations,
    leases,
    plugins: createEnginePlugins(plugins, operations, options.pluginInstaller),
    system: {
      ...createEngineSystem({
        version: engineVersion,
        engineId: state.engineId,
        dataRoot,
        runRoot,
        startedAt: new Date().toISOString(),
        config,
        plugins,
        bus,
        deps,
        imageStore: images.imageStore,
        images: images.service,
        containers,
        networks,
        volumes,
        execs,
        operations,
      }),
      authenticate: images.authenticate,
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function createEventApi(bus: LifecycleBus, eventLog: EventLog, closing: AbortSignal): EventApi {
  return {
    get lastSeq() {
      return bus.lastSeq;
    },
    on: (name, listener) => bus.on(name, listener),
    onAny: (listener) => bus.onAny(listener),
    follow: (options) => followEvents(bus, eventLog, { ...options, signal: AbortSignal.any([options.signal, closing]) }),
    range: async ({ from, to, limit = 10_000 }) => eventLog.range(from?.toISOString(), to?.toISOString(), limit),
  };
}
