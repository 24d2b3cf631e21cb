import { randomBytes } from 'node:crypto';
import { fchmodSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { native, type SpawnedProcess } from '@jocker/native';
import type { ExecProcess, ExecRequest, OciProcess } from '@jocker/core';
import type { ChildEnd } from './child-end.ts';
import type { DirectoryWatch } from './directory-watch.ts';
import { commandEnvironment, openInputPipe, openPipe } from './run-command.ts';
import { runtimeError } from './runtime-error.ts';
import type { RuntimeCommandLine } from './runtime-command-line.ts';
import type { SpawnMount } from './spawn-mounts.ts';
import { openTerminal, type Terminal } from './terminal.ts';

export interface ExecOptions {
  readonly commandLine: RuntimeCommandLine;
  readonly runtime: string;
  readonly runtimeRoot: string;
  readonly mounts: readonly SpawnMount[];
  /** Pid files appear here, one inotify watch for all. */
  readonly watch: DirectoryWatch;
  readonly id: string;
  readonly request: ExecRequest;
}

const terminalTimeoutMs = 30_000;
/** Users other than root open /dev/stdout, /dev/stderr and /dev/stdin by name; a new pipe belongs to root alone. */
const pipeMode = 0o666;

/** `RUNTIME exec` with real pipes: what Node makes are socket pairs, which /dev/stdout cannot open. */
export async function startExec(options: ExecOptions): Promise<ExecProcess> {
  const { request, watch } = options;
  // Short, because a socket's path has at most 107 bytes.
  const name = randomBytes(8).toString('hex');
  const files = {
    process: join(watch.directory, `${name}.json`),
    pid: join(watch.directory, `${name}.pid`),
    consoleSocket: request.tty ? join(watch.directory, `${name}.tty`) : undefined,
  };
  await writeFile(files.process, JSON.stringify(processOf(request)), { mode: 0o600 });
  const receiver = files.consoleSocket === undefined ? undefined : native().receiveDescriptor(files.consoleSocket, terminalTimeoutMs);
  receiver?.descriptor.catch(() => undefined);
  const pipes = openPipes(request);
  let child: SpawnedProcess;
  try {
    child = native().spawn({
      file: options.runtime,
      args: [options.runtime, '--root', options.runtimeRoot, ...options.commandLine.arguments.exec(options.id, files)],
      env: commandEnvironment,
      descriptors: [pipes.stdinChild?.fd ?? 'null', pipes.stdoutChild?.fd ?? 'null', pipes.stderrChild.fd],
      ...(options.mounts.length === 0 ? {} : { mounts: options.mounts }),
    });
  } catch (error) {
    receiver?.cancel();
    pipes.destroy();
    await rm(files.process, { force: true });
    throw error;
  } finally {
    pipes.closeChildEnds();
  }
  let ended = false;
  const exited = child.exited.then(({ exitCode }) => {
    ended = true;
    return { exitCode };
  });
  const pid = await pidOf(`${name}.pid`, watch, exited);
  void Promise.all([rm(files.process, { force: true }), rm(files.pid, { force: true })]);
  if (pid === undefined) {
    receiver?.cancel();
    const said = await text(pipes.stderr);
    pipes.destroy();
    throw runtimeError(options.commandLine.name, 'exec', said, request.process.args[0]);
  }
  const kill = (signal: number): void => {
    if (ended) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  if (receiver === undefined) {
    return { pid, stdout: pipes.stdout, stderr: pipes.stderr, stdin: pipes.stdin, exited, kill, resize: () => undefined };
  }
  pipes.stderr.resume();
  const terminal: Terminal = openTerminal(await receiver.descriptor);
  return {
    pid,
    stdout: terminal.output,
    stderr: undefined,
    stdin: request.openStdin ? terminal.input : undefined,
    exited,
    kill,
    resize: terminal.resize,
  };
}

function processOf({ process, tty, size }: ExecRequest): OciProcess {
  return {
    ...process,
    terminal: tty,
    ...(tty && size !== undefined ? { consoleSize: { height: size.rows, width: size.columns } } : {}),
  };
}

/** The runtime writes the file before the process runs; without a file it never ran. */
async function pidOf(name: string, watch: DirectoryWatch, exited: Promise<unknown>): Promise<number | undefined> {
  const written = await Promise.race([watch.waitFor(name), exited.then(() => watch.read(name))]);
  watch.forget(name);
  return written === undefined ? undefined : Number.parseInt(written, 10);
}

interface ExecPipes {
  readonly stdin: Socket | undefined;
  readonly stdout: Socket;
  readonly stderr: Socket;
  readonly stdinChild: ChildEnd | undefined;
  readonly stdoutChild: ChildEnd | undefined;
  readonly stderrChild: ChildEnd;
  closeChildEnds(): void;
  destroy(): void;
}

/** With a terminal the only pipe is the runtime's own stderr, where it says why it failed. */
function openPipes(request: ExecRequest): ExecPipes {
  const [stdin, stdinChild] = request.openStdin && !request.tty ? openInputPipe() : [undefined, undefined];
  const [stdout, stdoutChild] = openPipe();
  const [stderr, stderrChild] = openPipe();
  const childEnds = [stdinChild, stdoutChild, stderrChild];
  for (const end of childEnds) if (end !== undefined) fchmodSync(end.fd, pipeMode);
  // The process may end without reading its input.
  stdin?.on('error', () => undefined);
  return {
    stdin,
    stdout,
    stderr,
    stdinChild,
    stdoutChild,
    stderrChild,
    closeChildEnds: () => childEnds.forEach((end) => end?.close()),
    destroy: () => [stdin, stdout, stderr].forEach((stream) => stream?.destroy()),
  };
}
