import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { JockerError, type BundleLocation, type Logger, type OciSpec, type RuntimeBackend } from '@jocker/core';
import { createAttachHub } from '../conmon/attach-hub.ts';
import { bundleFiles } from '../conmon/bundle-files.ts';
import { createTerminalResizer, reopenLog } from '../conmon/control-fifo.ts';
import { startConmon } from '../conmon/start-conmon.ts';
import { engineCgroup, readCgroupLayout, removeEngineCgroups } from './cgroup-layout.ts';
import { createBackendContext, type BackendContext } from './backend-context.ts';
import { readContainerProcess, statusOf, wasKilledForMemory, type ContainerProcess } from './container-process.ts';
import { findProgram, probeRuntime, readVersion } from './probe-runtime.ts';
import { runCommand } from './run-command.ts';
import { runtimeError } from './runtime-error.ts';
import type { RuntimeCommandLine } from './runtime-command-line.ts';
import { spawnMounts } from './spawn-mounts.ts';
import { startByFifo } from './start-by-fifo.ts';
import { startExec } from './start-exec.ts';

export interface OciCliOptions {
  readonly commandLine: RuntimeCommandLine;
  /** A folder of its own in the engine's run root. */
  readonly directory: string;
  /** Makes the names of what it leaves outside unique among engines. */
  readonly engineId: string;
  readonly log: Logger;
  readonly runtimePath?: string;
  readonly conmonPath?: string;
}

const sigkill = 9;
const forcedExitMs = 30_000;

/** Any OCI command-line runtime, with conmon as the monitor that outlives the engine. */
export function createOciCliBackend(options: OciCliOptions): RuntimeBackend & AsyncDisposable {
  const { commandLine } = options;
  const paths = { runtime: options.runtimePath ?? commandLine.program, conmon: options.conmonPath ?? 'conmon', engineId: options.engineId };
  const cgroupOf = (id: string): string => `${engineCgroup(options.engineId)}/${id}`;
  const hub = createAttachHub();
  const resizer = createTerminalResizer();
  const stateOf = (id: string): string => join(options.directory, 'state', id);
  let prepared: Promise<BackendContext> | undefined;
  const prepare = (): Promise<BackendContext> => {
    prepared ??= createBackendContext({ ...options, ...paths });
    prepared.catch(() => (prepared = undefined));
    return prepared;
  };

  const run = async (verb: string, args: readonly string[]): Promise<void> => {
    const context = await prepare();
    const { exitCode, stderr } = await runCommand({
      file: context.runtime,
      args: ['--root', context.stateDirectory, ...args],
      mounts: context.layout.hiding,
    });
    if (exitCode !== 0) throw runtimeError(commandLine.name, verb, stderr);
  };
  const processOf = async (id: string, location: BundleLocation): Promise<ContainerProcess | undefined> => {
    const { exits } = await prepare();
    if ((await exits.read(id)) !== undefined) return undefined;
    return await readContainerProcess(id, location);
  };
  const isKnown = async (id: string, location: BundleLocation): Promise<boolean> => {
    const found = await Promise.all([
      readFile(bundleFiles(location.directory).containerPid).catch(() => undefined),
      readdir(stateOf(id)).catch(() => undefined),
    ]);
    return found.some((item) => item !== undefined);
  };
  const notFound = (id: string): JockerError => new JockerError('not-found', `${commandLine.name} knows no container ${id}`);
  const notRunning = (id: string): JockerError =>
    new JockerError('failed-precondition', `container ${id} is not running`, { details: { reason: 'not-running' } });
  const live = async (id: string, location: BundleLocation): Promise<ContainerProcess> => {
    const process = await processOf(id, location);
    if (process !== undefined) return process;
    throw (await isKnown(id, location)) ? notRunning(id) : notFound(id);
  };

  const backend: RuntimeBackend = {
    name: commandLine.name,
    probe: () => probeRuntime(commandLine, paths),
    version: async () => await readVersion((await findProgram(paths.runtime)) ?? paths.runtime),
    prewarm() {
      void prepare().then(
        ({ prewarmer }) => prewarmer?.warm(),
        () => undefined,
      );
    },
    async create(id, bundle, { signal }) {
      const context = await prepare();
      signal.throwIfAborted();
      context.prewarmer?.warm();
      const wanted: OciSpec = { ...bundle.spec, linux: { ...bundle.spec.linux, cgroupsPath: cgroupOf(id) } };
      const { spec, missing } = (await context.seccomp?.apply(wanted)) ?? { spec: wanted, missing: undefined };
      await writeFile(bundleFiles(bundle.directory).config, JSON.stringify(spec), { mode: 0o600 });
      const result = await startConmon({
        conmon: context.conmon,
        runtime: context.runtime,
        runtimeRoot: context.stateDirectory,
        exitDirectory: context.exitDirectory,
        id,
        bundle,
        mounts: [...context.layout.hiding, ...spawnMounts(bundle.rootfs, resolve(bundle.directory, spec.root.path))],
        signal,
      }).catch(async (error: unknown) => {
        await forget(id, bundle).catch(() => undefined);
        if (signal.aborted) throw error;
        throw new JockerError('internal', `the monitor of the container could not be started: ${String(error)}`, { cause: error });
      });
      if ('message' in result) {
        await forget(id, bundle);
        throw runtimeError(commandLine.name, 'create', result.message, spec.process.args[0]);
      }
      if (missing !== undefined) void context.seccomp?.keep(missing, stateOf(id)).catch(() => undefined);
      return result;
    },
    async start(id, bundle) {
      const context = await prepare();
      if (!commandLine.startsByFifo || (bundle.spec.hooks?.['poststart']?.length ?? 0) > 0) {
        return await run('start', commandLine.arguments.start(id));
      }
      try {
        await startByFifo(stateOf(id));
      } catch (error) {
        if ((await processOf(id, bundle)) === undefined) throw notRunning(id);
        options.log.debug('start by fifo failed, asking the runtime', { id, error: String(error), root: context.stateDirectory });
        await run('start', commandLine.arguments.start(id));
      }
    },
    async state(id, location) {
      const process = await processOf(id, location);
      if (process === undefined) {
        if (!(await isKnown(id, location))) throw notFound(id);
        return { status: 'stopped', pid: 0 };
      }
      return { status: await statusOf(stateOf(id), process), pid: process.pid };
    },
    async kill(id, signal, location) {
      const { pid } = await live(id, location);
      try {
        process.kill(pid, signal);
      } catch (error) {
        throw (error as NodeJS.ErrnoException).code === 'ESRCH' ? notRunning(id) : error;
      }
    },
    pause: (id) => run('pause', commandLine.arguments.pause(id)),
    resume: (id) => run('resume', commandLine.arguments.resume(id)),
    async update(id, resources) {
      const file = join((await prepare()).execs.directory, `${id}.resources`);
      await writeFile(file, JSON.stringify(resources), { mode: 0o600 });
      try {
        await run('update', commandLine.arguments.update(id, file));
      } finally {
        await rm(file, { force: true });
      }
    },
    async delete(id, location, { force }, context) {
      const main = await processOf(id, location);
      if (main !== undefined && !force) {
        throw new JockerError('failed-precondition', `container ${id} is running`, { details: { reason: 'in-use' } });
      }
      if (main !== undefined) await end(id, location, main, context.signal);
      await forget(id, location);
    },
    async exec(id, location, request) {
      const main = await live(id, location);
      const context = await prepare();
      const status = await statusOf(stateOf(id), main);
      if (status !== 'running') throw new JockerError('failed-precondition', `container ${id} is ${status}`);
      return await startExec({
        commandLine,
        runtime: context.runtime,
        runtimeRoot: context.stateDirectory,
        mounts: context.layout.hiding,
        watch: context.execs,
        id,
        request,
      });
    },
    attach: async (id, location) => hub.attach(id, location),
    resize: async (_id, location, size) => await resizer.resize(location.directory, size),
    async exit(id, location, { signal }) {
      const { exits, layout } = await prepare();
      const exit = await exits.wait(id, location, signal);
      // Nobody takes its output or its exit code any more, so that it cannot be left running either.
      if (exit.unknown === true) await backend.kill(id, sigkill, location, { signal, log: options.log }).catch(() => undefined);
      return { ...exit, oomKilled: await wasKilledForMemory(location, cgroupOf(id), layout) };
    },
    reopenLog: async (_id, location) => await reopenLog(location.directory),
    async list() {
      const entries = await readdir(join(options.directory, 'state')).catch(() => []);
      return entries.filter((name) => !name.startsWith('.'));
    },
  };

  const end = async (id: string, location: BundleLocation, main: ContainerProcess, signal: AbortSignal): Promise<void> => {
    const { exits } = await prepare();
    await backend.kill(id, sigkill, location, { signal, log: options.log }).catch(() => undefined);
    // A frozen process dies when it thaws.
    if ((await statusOf(stateOf(id), main)) === 'paused') await run('resume', commandLine.arguments.resume(id)).catch(() => undefined);
    await exits.wait(id, location, AbortSignal.any([signal, AbortSignal.timeout(forcedExitMs)]));
  };
  /** The runtime's state and the cgroups, then what the monitor wrote outside the bundle. */
  const forget = async (id: string, location: BundleLocation): Promise<void> => {
    const context = await prepare();
    const known = await readdir(stateOf(id)).then(
      () => true,
      () => false,
    );
    if (known) await run('delete', commandLine.arguments.delete(id));
    const files = bundleFiles(location.directory);
    await Promise.all([context.exits.remove(id), rm(files.containerPid, { force: true }), rm(files.monitorPid, { force: true })]);
  };

  return {
    ...backend,
    async [Symbol.asyncDispose]() {
      hub[Symbol.dispose]();
      const context = await prepared?.catch(() => undefined);
      await context?.close();
      await removeEngineCgroups(await readCgroupLayout(options.engineId), options.engineId);
    },
  };
}
