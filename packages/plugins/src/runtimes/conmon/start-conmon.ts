import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { native, type SpawnedProcess } from '@jocker/native';
import type { Bundle } from '@jocker/core';
import { commandEnvironment, openPipe } from '../oci-cli/run-command.ts';
import type { SpawnMount } from '../oci-cli/spawn-mounts.ts';
import { bundleFiles } from './bundle-files.ts';

export interface ConmonOptions {
  readonly conmon: string;
  readonly runtime: string;
  readonly runtimeRoot: string;
  readonly exitDirectory: string;
  readonly id: string;
  readonly bundle: Bundle;
  /** In the monitor's own namespace: it lives as long as the monitor, and nothing stays mounted on the host. */
  readonly mounts: readonly SpawnMount[];
  readonly signal: AbortSignal;
}

/** What the runtime's `create` came to: the container's pid, or what the runtime said. */
export type ConmonResult = { readonly pid: number } | { readonly message: string };

/** conmon daemonises, calls `RUNTIME create` and tells the result through the pipe in `_OCI_SYNCPIPE`. */
export async function startConmon(options: ConmonOptions): Promise<ConmonResult> {
  const { bundle } = options;
  const files = bundleFiles(bundle.directory);
  const [sync, syncChild] = openPipe();
  const abort = (): void => void sync.destroy(options.signal.reason as Error);
  options.signal.addEventListener('abort', abort, { once: true });
  let child: SpawnedProcess | undefined;
  try {
    child = native().spawn({
      file: options.conmon,
      args: conmonArguments(options),
      env: [...commandEnvironment, '_OCI_SYNCPIPE=3', 'TZ=UTC0'],
      // It writes the file `oom` into its working directory.
      cwd: bundle.directory,
      descriptors: ['null', 'null', 'null', syncChild.fd],
      ...(options.mounts.length === 0 ? {} : { mounts: options.mounts }),
    });
    syncChild.close();
    const result = parseSyncMessage(await readLine(sync));
    const { exitCode } = await child.exited;
    return result ?? { message: `conmon ended with ${exitCode} before it created the container` };
  } catch (error) {
    if (options.signal.aborted) await killMonitor(child, files.monitorPid);
    throw error;
  } finally {
    options.signal.removeEventListener('abort', abort);
    syncChild.close();
    sync.destroy();
  }
}

async function readLine(stream: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if (chunk.includes(0x0a)) break;
  }
  return Buffer.concat(chunks).toString();
}

/** One that hangs in the runtime's `create`, which it takes with it. The first process has written the file when it ends. */
async function killMonitor(first: SpawnedProcess | undefined, pidFile: string): Promise<void> {
  await first?.exited;
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!Number.isSafeInteger(pid) || pid <= 0) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function conmonArguments(options: ConmonOptions): string[] {
  const { bundle, id } = options;
  const files = bundleFiles(bundle.directory);
  return [
    [options.conmon, '--api-version', '1', '-c', id, '-u', id, '-n', id.slice(0, 12)],
    ['-r', options.runtime, '--runtime-arg', `--root=${options.runtimeRoot}`],
    ['--runtime-arg', `--log=${files.runtimeLog}`, '--runtime-arg', '--log-format=json'],
    ['-b', bundle.directory, '-p', files.containerPid, '-P', files.monitorPid],
    ['--exit-dir', options.exitDirectory, '--full-attach', '--log-level', 'error', '--no-sync-log'],
    ['-l', bundle.logPath === undefined ? 'none' : `k8s-file:${bundle.logPath}`],
    bundle.tty ? ['-t'] : [],
    bundle.openStdin ? ['-i'] : [],
    bundle.openStdin && !bundle.stdinOnce ? ['--leave-stdin-open'] : [],
  ].flat();
}

function parseSyncMessage(text: string): ConmonResult | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { data, message } = Object(value) as { data?: unknown; message?: unknown };
  if (typeof data === 'number' && data > 0) return { pid: data };
  return { message: typeof message === 'string' ? message : 'the runtime said nothing' };
}
