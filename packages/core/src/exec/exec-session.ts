import { Writable, type Readable } from 'node:stream';
import type { TerminalSize } from '../container/create-request.ts';
import type { ExecCreateRequest, ExecView } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import { createOutputBroadcast } from '../runtime/output-broadcast.ts';
import type { ExecProcess, OutputChunk, ProcessStreams } from '../runtime/runtime-backend.ts';
import { createScrollback } from './scrollback.ts';

/**
 * One exec, from its creation until its container is removed. Clients come and go. A client that is the only one and slow
 * slows the process and loses nothing; as soon as there are several, each has its own bound and loses its oldest output
 * past it; without any, the process runs on and the newest output stays in the scrollback.
 */
export interface ExecSession {
  readonly id: string;
  readonly containerId: string;
  readonly request: ExecCreateRequest;
  readonly view: ExecView;
  readonly exited: Promise<{ readonly exitCode: number }>;
  /** True once; nobody else may start it then. */
  claim(): boolean;
  run(process: ExecProcess): void;
  /** It ended, or could not be started. */
  finish(exitCode: number): void;
  attach(replay: boolean): ProcessStreams;
  resize(size: TerminalSize): void;
  kill(signal: number): void;
}

export interface ExecSessionOptions {
  readonly id: string;
  readonly containerId: string;
  readonly request: ExecCreateRequest;
  readonly workingDir: string;
  onDetach(): void;
  onExit(exit: { readonly exitCode: number; readonly durationMs: number; readonly finishedAt: string }): void;
}

const scrollbackBytes = 256 * 1024;
const clientLimitBytes = 1 << 20;
/** A child that outlives the process may hold its output open for ever; nobody waits for it longer than this in silence. */
const silenceAfterExitMs = 2000;

export function createExecSession(options: ExecSessionOptions): ExecSession {
  const { id, containerId, request } = options;
  const createdAt = new Date().toISOString();
  const scrollback = createScrollback(scrollbackBytes);
  const exit = Promise.withResolvers<{ readonly exitCode: number }>();
  let claimed = false;
  let process: ExecProcess | undefined;
  let startedAtMs = Date.now();
  let exitCode: number | null = null;
  let finishedAt: string | null = null;
  let size: TerminalSize | null = request.size ?? null;
  let openStreams = 0;
  let silence: NodeJS.Timeout | undefined;

  const broadcast = createOutputBroadcast({
    limitBytes: clientLimitBytes,
    pausable: true,
    onRoom: () => resumeOutput(),
    onClose: () => {
      if (process !== undefined && exitCode === null) options.onDetach();
    },
  });
  const sources = (): Readable[] => [process?.stdout, process?.stderr].filter((source) => source !== undefined);
  const resumeOutput = (): void => {
    if (broadcast.congested) return;
    for (const source of sources()) if (source.isPaused()) source.resume();
    if (exitCode !== null) awaitSilence();
  };
  const pauseOutput = (): void => {
    clearTimeout(silence);
    for (const source of sources()) source.pause();
  };
  const endOutput = (): void => {
    clearTimeout(silence);
    for (const source of sources()) source.destroy();
    process?.stdin?.destroy();
    broadcast.end();
  };
  const awaitSilence = (): void => {
    clearTimeout(silence);
    if (openStreams > 0) silence = setTimeout(endOutput, silenceAfterExitMs);
  };
  const take = (chunk: OutputChunk): void => {
    scrollback.push(chunk);
    broadcast.write(chunk);
    if (broadcast.congested) pauseOutput();
    else if (exitCode !== null) awaitSilence();
  };
  const read = (stream: OutputChunk['stream'], source: Readable | undefined): void => {
    // One that had ended before anybody read it (an empty stderr) tells nobody again.
    if (source === undefined || source.readableEnded || source.destroyed) return;
    openStreams += 1;
    let open = true;
    const close = (): void => {
      if (open) openStreams -= 1;
      open = false;
      if (openStreams === 0 && exitCode !== null) endOutput();
    };
    source
      .on('data', (data: Buffer) => take({ stream, data }))
      .on('end', close)
      .on('error', close)
      .on('close', close);
  };
  const finish = (code: number): void => {
    if (exitCode !== null) return;
    const now = new Date();
    exitCode = code;
    finishedAt = now.toISOString();
    options.onExit({ exitCode: code, finishedAt, durationMs: Math.max(0, now.getTime() - startedAtMs) });
    exit.resolve({ exitCode: code });
    if (openStreams === 0) endOutput();
    else if (!broadcast.congested) awaitSilence();
  };
  const running = (): ExecProcess => {
    if (process !== undefined && exitCode === null) return process;
    throw new JockerError('failed-precondition', `exec ${id} is not running`, { details: { reason: 'not-running' } });
  };

  return {
    id,
    containerId,
    request,
    exited: exit.promise,
    get view(): ExecView {
      return {
        id,
        containerId,
        command: request.command,
        tty: request.tty ?? false,
        openStdin: request.openStdin ?? false,
        user: request.user ?? '',
        workingDir: options.workingDir,
        privileged: request.privileged ?? false,
        attach: request.attach ?? { stdin: request.openStdin ?? false, stdout: true, stderr: true },
        status: exitCode !== null ? 'exited' : process === undefined ? 'created' : 'running',
        exitCode,
        pid: process?.pid ?? 0,
        size,
        createdAt,
        finishedAt,
        attached: broadcast.readers,
      };
    },
    claim() {
      const first = !claimed;
      claimed = true;
      return first;
    },
    run(started) {
      process = started;
      startedAtMs = Date.now();
      read('stdout', started.stdout);
      read('stderr', started.stderr);
      if (size !== null && request.tty === true) started.resize(size);
      void started.exited.then((status) => finish(status.exitCode));
    },
    finish,
    attach(replay) {
      const output = broadcast.subscribe(replay ? scrollback.chunks : []);
      return {
        output,
        stdin: process?.stdin === undefined ? undefined : stdinOf(process.stdin),
        async [Symbol.asyncDispose]() {
          output.close();
        },
      };
    },
    resize(next) {
      if (exitCode !== null) running();
      size = next;
      process?.resize(next);
    },
    kill: (signal) => running().kill(signal),
  };
}

/** Each client has a stream of its own on the one stdin; the first that ends it ends it for the process. */
function stdinOf(target: Writable): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (target.destroyed || target.writableEnded) return done();
      // Also called with an error, once the process does not read any more: then there is nothing to write to.
      target.write(chunk, () => done());
    },
    final(done) {
      target.end();
      done();
    },
  });
}
