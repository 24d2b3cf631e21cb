import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { native, type SpawnedProcess } from '@jocker/native';
import type { ExecProcess, ExecRequest, OciProcess } from '@jocker/core';
import type { DirectoryWatch } from './directory-watch.ts';
import { openConsoleSocketChannel, openPipeChannel, openTerminalChannel, type ExecChannel } from './exec-channel.ts';
import { commandEnvironment } from './run-command.ts';
import { runtimeError } from './runtime-error.ts';
import type { ExecFiles, RuntimeCommandLine } from './runtime-command-line.ts';
import type { SpawnMount } from './spawn-mounts.ts';

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

const sigkill = 9;

/** `RUNTIME exec` in the foreground: its exit code is the process's. */
export async function startExec(options: ExecOptions): Promise<ExecProcess> {
  const { commandLine, request, watch } = options;
  // Short, because a socket's path has at most 107 bytes.
  const name = randomBytes(8).toString('hex');
  const bySocket = request.tty && commandLine.execTerminal === 'console-socket';
  const files: ExecFiles = {
    process: join(watch.directory, `${name}.json`),
    pid: join(watch.directory, `${name}.pid`),
    consoleSocket: bySocket ? join(watch.directory, `${name}.tty`) : undefined,
  };
  await writeFile(files.process, JSON.stringify(processOf(request)), { mode: 0o600 });
  const removeFiles = (): void => void Promise.all([rm(files.process, { force: true }), rm(files.pid, { force: true })]);

  const channel = openChannel(request, files);
  const child = spawnInto(channel, options, files, removeFiles);
  let ended = false;
  const exited = child.exited.then(({ exitCode }) => {
    ended = true;
    return { exitCode };
  });
  const pid = await pidOf(`${name}.pid`, watch, exited);
  removeFiles();
  if (pid === undefined) {
    const said = await text(channel.runtimeStderr);
    channel.destroy();
    throw runtimeError(commandLine.name, 'exec', said, request.process.args[0]);
  }
  const streams = await channel.open(child.pid).catch((error: unknown) => {
    killQuietly(pid, sigkill);
    channel.destroy();
    throw error;
  });
  return {
    ...streams,
    pid,
    exited,
    kill: (signal) => (ended ? undefined : killQuietly(pid, signal)),
    resize: (size) => (ended ? undefined : streams.resize(size)),
  };
}

function openChannel(request: ExecRequest, files: ExecFiles): ExecChannel {
  if (!request.tty) return openPipeChannel(request);
  return files.consoleSocket === undefined ? openTerminalChannel(request) : openConsoleSocketChannel(request, files.consoleSocket);
}

function spawnInto(channel: ExecChannel, options: ExecOptions, files: ExecFiles, removeFiles: () => void): SpawnedProcess {
  try {
    return native().spawn({
      file: options.runtime,
      args: [options.runtime, '--root', options.runtimeRoot, ...options.commandLine.arguments.exec(options.id, files)],
      env: commandEnvironment,
      descriptors: channel.descriptors,
      ...(options.mounts.length === 0 ? {} : { mounts: options.mounts }),
    });
  } catch (error) {
    channel.destroy();
    removeFiles();
    throw error;
  } finally {
    channel.closeChildEnds();
  }
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

function killQuietly(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
