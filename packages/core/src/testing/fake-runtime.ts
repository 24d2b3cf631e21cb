import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { JockerError } from '../errors/jocker-error.ts';
import { createOutputBroadcast, type OutputBroadcast } from '../runtime/output-broadcast.ts';
import type { OciResources } from '../oci/runtime-spec.ts';
import type { Bundle, ExecProcess, ExitStatus, OutputChunk, RuntimeBackend, RuntimeStatus } from '../runtime/runtime-backend.ts';
import { openFakeLog, type FakeLog } from './fake-log.ts';
import { runFakeProcess, type FakeProgram, type RunningFakeProcess } from './fake-process.ts';
import { fakePrograms } from './fake-programs.ts';

/** What outlives a backend object, as the kernel and the monitors outlive an engine. */
export interface FakeWorld {
  readonly containers: Map<string, FakeContainer>;
  /** The next call of that verb throws it. */
  failNext(verb: 'create' | 'start' | 'exec' | 'delete', error: Error): void;
  takeFailure(verb: string): Error | undefined;
  nextPid(): number;
}

export interface FakeContainer {
  readonly id: string;
  readonly bundle: Bundle;
  readonly pid: number;
  readonly program: FakeProgram;
  readonly broadcast: OutputBroadcast;
  readonly log: FakeLog | undefined;
  readonly exit: Promise<ExitStatus>;
  end(status: ExitStatus): void;
  status: RuntimeStatus;
  main: RunningFakeProcess | undefined;
  readonly execs: Set<RunningFakeProcess>;
  resources: OciResources;
  pendingInput: (Buffer | 'end')[];
}

export interface FakeRuntimeOptions {
  readonly name?: string;
  readonly world?: FakeWorld;
  /** By base name; in addition to true, false, echo, cat, sleep, sh -c and so on. */
  readonly programs?: Readonly<Record<string, FakeProgram>>;
}

const attachLimitBytes = 1 << 20;
/** Larger than any pid that Linux gives, so that a mistaken kill(2) hits nobody. */
const firstPid = 5_000_000;

export function createFakeWorld(): FakeWorld {
  const failures = new Map<string, Error>();
  let pid = firstPid;
  return {
    containers: new Map(),
    failNext: (verb, error) => void failures.set(verb, error),
    takeFailure(verb) {
      const error = failures.get(verb);
      failures.delete(verb);
      return error;
    },
    nextPid: () => (pid += 1),
  };
}

/** A runtime without processes: no root, any platform. Programs are functions; streams, exit codes and signals are as real as Linux's. */
export function createFakeRuntime(options: FakeRuntimeOptions = {}): RuntimeBackend {
  const world = options.world ?? createFakeWorld();
  const programs = { ...fakePrograms, ...options.programs };

  const findProgram = (args: readonly string[]): FakeProgram | undefined => {
    const path = args[0] ?? '';
    return programs[path] ?? (/^(\/(usr\/)?s?bin\/)?[^/]+$/.test(path) ? programs[path.slice(path.lastIndexOf('/') + 1)] : undefined);
  };
  const programOf = (args: readonly string[]): FakeProgram => {
    const program = findProgram(args);
    if (program !== undefined) return program;
    const [path = ''] = args;
    if (path === '/etc/not-executable')
      throw new JockerError('invalid-argument', `${path} is not executable`, { details: { reason: 'command-not-executable' } });
    throw new JockerError('invalid-argument', `${path} is not in the container`, { details: { reason: 'command-not-found' } });
  };
  const find = (id: string): FakeContainer => {
    const container = world.containers.get(id);
    if (container === undefined) throw new JockerError('not-found', `the runtime knows no container ${id}`);
    return container;
  };
  const findIn = (id: string, ...allowed: readonly RuntimeStatus[]): FakeContainer => {
    const container = find(id);
    if (!allowed.includes(container.status)) throw new JockerError('failed-precondition', `container ${id} is ${container.status}`);
    return container;
  };
  const fail = (verb: 'create' | 'start' | 'exec' | 'delete'): void => {
    const error = world.takeFailure(verb);
    if (error !== undefined) throw error;
  };

  const launch = (container: FakeContainer): RunningFakeProcess => {
    const { bundle } = container;
    return runFakeProcess({
      pid: 1,
      process: bundle.spec.process,
      tty: bundle.tty,
      size: sizeOf(bundle),
      openStdin: bundle.openStdin,
      first: true,
      program: container.program,
      findProgram,
      async onOutput(chunk) {
        container.broadcast.write(chunk);
        await container.log?.append(chunk);
      },
    });
  };
  const finish = async (container: FakeContainer, exitCode: number, oomKilled: boolean): Promise<void> => {
    for (const exec of container.execs) exec.kill(9);
    await container.log?.close();
    container.status = 'stopped';
    container.end({ exitCode, oomKilled, finishedAt: new Date().toISOString() });
    container.broadcast.end();
  };
  const feed = (container: FakeContainer, item: Buffer | 'end'): void => {
    if (container.main === undefined) container.pendingInput.push(item);
    else if (item === 'end') container.main.endInput();
    else container.main.input(item);
  };

  return {
    name: options.name ?? 'fake',
    probe: () => Promise.resolve({ usable: true }),
    version: () => Promise.resolve('1.0.0'),
    async create(id, bundle) {
      fail('create');
      if (world.containers.has(id)) throw new JockerError('already-exists', `container ${id} exists already`);
      const program = programOf(bundle.spec.process.args);
      await writeFile(join(bundle.directory, 'config.json'), JSON.stringify(bundle.spec));
      let end: (status: ExitStatus) => void = () => undefined;
      const exit = new Promise<ExitStatus>((resolve) => (end = resolve));
      const container: FakeContainer = {
        id,
        bundle,
        pid: world.nextPid(),
        program,
        broadcast: createOutputBroadcast({ limitBytes: attachLimitBytes, pausable: false }),
        log: bundle.logPath === undefined ? undefined : await openFakeLog(bundle.logPath),
        exit,
        end: (status) => end(status),
        status: 'created',
        main: undefined,
        execs: new Set(),
        resources: bundle.spec.linux.resources ?? {},
        pendingInput: [],
      };
      world.containers.set(id, container);
      return { pid: container.pid };
    },
    async start(id) {
      fail('start');
      const container = findIn(id, 'created');
      container.status = 'running';
      const main = launch(container);
      container.main = main;
      for (const item of container.pendingInput.splice(0)) feed(container, item);
      void main.ended.then((status) => finish(container, status.exitCode, status.oomKilled));
    },
    async state(id) {
      const { status, pid } = find(id);
      return { status, pid: status === 'stopped' ? 0 : pid };
    },
    async kill(id, signal) {
      const container = findIn(id, 'created', 'running', 'paused');
      if (container.main !== undefined) container.main.kill(signal);
      else if (signal === 9) await finish(container, 137, false);
    },
    async pause(id) {
      findIn(id, 'running').status = 'paused';
    },
    async resume(id) {
      findIn(id, 'paused').status = 'running';
    },
    async update(id, resources) {
      const container = findIn(id, 'created', 'running', 'paused');
      container.resources = { ...container.resources, ...resources };
    },
    async delete(id, _location, { force }) {
      fail('delete');
      const container = world.containers.get(id);
      if (container === undefined) return;
      if (container.status !== 'stopped') {
        if (!force) throw new JockerError('failed-precondition', `container ${id} is ${container.status}`);
        if (container.main === undefined) await finish(container, 137, false);
        else container.main.kill(9);
        await container.exit;
      }
      world.containers.delete(id);
    },
    async exec(id, _location, request) {
      fail('exec');
      const container = findIn(id, 'running');
      const program = programOf(request.process.args);
      return launchExec(container, world.nextPid(), program, request, findProgram);
    },
    async attach(id) {
      const container = find(id);
      const output = container.broadcast.subscribe();
      const stdin = new Writable({
        write(chunk: Buffer, _encoding, done) {
          feed(container, chunk);
          done();
        },
        final(done) {
          if (container.bundle.stdinOnce) feed(container, 'end');
          done();
        },
      });
      return {
        output,
        stdin: container.bundle.openStdin ? stdin : undefined,
        async [Symbol.asyncDispose]() {
          output.close();
        },
      };
    },
    async resize(id, _location, size) {
      findIn(id, 'created', 'running', 'paused').main?.resize(size);
    },
    exit: async (id) => await find(id).exit,
    reopenLog: async (id) => await find(id).log?.reopen(),
    list: async () => [...world.containers.keys()],
  };
}

function sizeOf(bundle: Bundle): { columns: number; rows: number } {
  const size = bundle.spec.process.consoleSize;
  return { columns: size?.width ?? 80, rows: size?.height ?? 24 };
}

function launchExec(
  container: FakeContainer,
  pid: number,
  program: FakeProgram,
  request: Parameters<RuntimeBackend['exec']>[2],
  findProgram: (args: readonly string[]) => FakeProgram | undefined,
): ExecProcess {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const running = runFakeProcess({
    pid,
    process: request.process,
    tty: request.tty,
    size: request.size ?? { columns: 80, rows: 24 },
    openStdin: request.openStdin,
    first: false,
    program,
    findProgram,
    async onOutput(chunk: OutputChunk) {
      const stream = streams[chunk.stream];
      if (!stream.write(chunk.data)) await new Promise<void>((resolve) => stream.once('drain', resolve).once('close', resolve));
    },
  });
  container.execs.add(running);
  const exited = running.ended.then(({ exitCode }) => {
    container.execs.delete(running);
    streams.stdout.end();
    streams.stderr.end();
    return { exitCode };
  });
  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      running.input(chunk);
      done();
    },
    final(done) {
      running.endInput();
      done();
    },
  });
  return {
    pid,
    stdout: streams.stdout,
    stderr: request.tty ? undefined : streams.stderr,
    stdin: request.openStdin ? stdin : undefined,
    exited,
    kill: (signal) => running.kill(signal),
    resize: (size) => running.resize(size),
  };
}
