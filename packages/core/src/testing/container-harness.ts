import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerDeps } from '../container/container-deps.ts';
import { createContainerPaths } from '../container/container-paths.ts';
import { createContainerRuns } from '../container/container-runs.ts';
import { createContainerStore } from '../container/container-store.ts';
import { createAutomaticVerbs, createContainerVerbs, type ContainerVerbs } from '../container/container-verbs.ts';
import { createExitWaiters } from '../container/exit-waiters.ts';
import { createKeyedLock } from '../container/keyed-lock.ts';
import { createPendingAttaches } from '../container/pending-attaches.ts';
import { createEventLog } from '../events/event-log.ts';
import { LifecycleBus } from '../events/lifecycle-bus.ts';
import type { EventEnvelope } from '../events/lifecycle-events.ts';
import { createOperationStore } from '../operation/operation-store.ts';
import { createOperations, type Operations } from '../operation/operations.ts';
import { createDrivers } from '../plugin/drivers.ts';
import type { AdmissionRule } from '../plugin/extension-points.ts';
import type { PluginHost } from '../plugin/plugin-host.ts';
import type { RuntimeBackend } from '../runtime/runtime-backend.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import type { HostFacts, SpecMutator } from '../spec/spec-mutator.ts';
import { specPermissions, type SpecPermission } from '../spec/spec-permissions.ts';
import { createIntents } from '../state/intents.ts';
import { createFakeRuntime, createFakeWorld, type FakeWorld } from './fake-runtime.ts';
import { createFakeSnapshotter } from './fake-snapshotter.ts';
import { memoryState, recordingLogger } from './memory-state.ts';

const digest = `sha256:${'0'.repeat(64)}` as const;

const host: HostFacts = {
  cgroup: { version: 'v2', controllers: ['cpu', 'memory', 'pids'], swapLimit: true },
  capabilities: [],
  rlimits: {},
  cpuCount: 2,
  memoryBytes: 1 << 30,
  kernelRelease: '6.12.0',
  apparmor: false,
  seccomp: true,
};

/** As little as makes a process: the request's command. */
const commandOnly: SpecMutator = {
  name: 'command',
  mutate(draft, { request }) {
    draft.process.args = [...(request.command ?? ['true'])];
    draft.process.terminal = request.tty ?? false;
  },
};

export interface ContainerHarness extends HarnessWorld, AsyncDisposable {
  readonly deps: ContainerDeps;
  readonly verbs: ContainerVerbs;
  readonly operations: Operations;
  readonly bus: LifecycleBus;
  readonly events: EventEnvelope[];
  readonly snapshotter: Snapshotter;
  /** Names of the events of containers so far, in order. */
  names(this: void): string[];
  /** Resolves when `endAt` is reached. */
  readonly ended: Promise<void>;
  /** The engine ends; containers and files stay for the next one. */
  close(): Promise<void>;
  /** Resolves when an event of that name has been told, now or before. */
  seen(this: void, name: EventEnvelope['name'], count?: number): Promise<void>;
}

/** What a second harness takes over from the first, as an engine after a restart does. */
export interface HarnessWorld {
  readonly directory: string;
  readonly state: ReturnType<typeof memoryState>;
  readonly world: FakeWorld;
}

export interface HarnessOptions {
  readonly from?: HarnessWorld;
  /** The engine ends at the first checkpoint of this name: nothing that comes after it in the code happens. */
  readonly endAt?: string;
  readonly runtime?: (base: RuntimeBackend) => RuntimeBackend;
  readonly admissionRules?: readonly AdmissionRule[];
  readonly mutators?: readonly SpecMutator[];
}

/** The verbs of containers over a fake runtime and snapshotter, with a real state in memory. */
export async function createContainerHarness(options: HarnessOptions = {}): Promise<ContainerHarness> {
  const directory = options.from?.directory ?? (await mkdtemp(join(tmpdir(), 'jocker-containers-')));
  const state = options.from?.state ?? memoryState();
  const log = recordingLogger();
  const bus = new LifecycleBus(state, createEventLog(state.database), log);
  const events: EventEnvelope[] = [];
  bus.onAny((envelope) => events.push(envelope));
  const operations = createOperations(bus, createOperationStore(state.database), log);
  const world = options.from?.world ?? createFakeWorld();
  const runtime = (options.runtime ?? ((base) => base))(createFakeRuntime({ world }));
  const snapshotter = createFakeSnapshotter(join(directory, 'snapshots'));
  const contributions = {
    runtimeBackend: [contribution('fake-plugin', runtime)],
    snapshotter: [contribution('fake-plugin', snapshotter)],
    specMutator: [commandOnly, ...(options.mutators ?? [])].map((mutator) => contribution('fake-plugin', mutator)),
    networkDriver: [],
    volumeDriver: [],
    admissionRule: (options.admissionRules ?? []).map((rule) => contribution('rules', rule)),
  };
  const plugins = {
    contributions: (point: keyof typeof contributions) => contributions[point],
    use: (): Disposable => ({ [Symbol.dispose]: () => undefined }),
    assertRequired: () => undefined,
  } as unknown as PluginHost;
  const closing = new AbortController();
  const reached = Promise.withResolvers<void>();
  const close = async (): Promise<void> => {
    closing.abort(new Error('the test is over'));
    await deps.runs.close();
    // What stopped for good at a checkpoint never ends.
    if (options.endAt === undefined) await operations.close();
  };
  const deps: ContainerDeps = {
    store: createContainerStore(state.database, state, log),
    state,
    intents: createIntents(state.database),
    publisher: bus,
    drivers: createDrivers(plugins, {}),
    plugins,
    images: {
      ensure: async (reference) => ({
        reference,
        imageId: digest,
        config: { labels: { from: 'image' } },
        chainId: digest,
        platform: { os: 'linux', architecture: 'amd64' },
      }),
    },
    networks: {
      resolve: async (request) => ({ network: request.network ?? 'none', attachments: [], warnings: [] }),
      reserve: async () => [],
      attach: async () => [],
      release: async () => undefined,
      rename: async () => undefined,
    },
    volumes: {
      make: async () => new Map(),
      fill: async () => undefined,
      mount: async (_record, spec) => ({ spec, [Symbol.asyncDispose]: async () => undefined }),
      driverOf: () => '',
      unmount: async () => undefined,
      removeAnonymous: async () => undefined,
    },
    leases: { assertOpen: () => undefined },
    host,
    paths: createContainerPaths(join(directory, 'data'), join(directory, 'run')),
    lock: createKeyedLock(),
    runs: createContainerRuns(),
    waiters: createExitWaiters(),
    pendingAttaches: createPendingAttaches(),
    log,
    automatic: createAutomaticVerbs(() => deps, operations),
    closing: closing.signal,
    checkpoint: (name) => (name === options.endAt ? new Promise((): void => reached.resolve()) : Promise.resolve()),
  };
  return {
    directory,
    state,
    deps,
    verbs: createContainerVerbs(deps, operations),
    operations,
    world,
    bus,
    events,
    snapshotter,
    names: () => events.map((event) => event.name).filter((name) => !name.startsWith('operation:')),
    async seen(name, count = 1) {
      const enough = (): boolean => events.filter((event) => event.name === name).length >= count;
      if (enough()) return;
      await new Promise<void>((resolve) => {
        const subscription = bus.onAny(() => {
          if (!enough()) return;
          subscription[Symbol.dispose]();
          resolve();
        });
      });
    },
    ended: reached.promise,
    close,
    async [Symbol.asyncDispose]() {
      await close();
      for (const container of world.containers.values())
        await runtime.delete(container.id, locationless, { force: true }, { signal: new AbortController().signal, log });
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const contribution = <T>(plugin: string, value: T): { plugin: string; value: T; permissions: readonly SpecPermission[] } => ({
  plugin,
  value,
  permissions: specPermissions,
});
const locationless = { directory: '', tty: false, openStdin: false, stdinOnce: false };
