import { Socket } from 'node:net';
import { native, type SpawnOptions } from '@jocker/native';
import { childEnd, type ChildEnd } from './child-end.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly mounts?: NonNullable<SpawnOptions['mounts']>;
  /** Its whole stdin; nothing when absent. */
  readonly input?: string;
}

/** Hooks of a spec look programs up in it; nothing else is inherited. */
export const commandEnvironment: readonly string[] = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];

/** A runtime's message is a line; what is beyond this is of no use to anybody. */
const outputLimitBytes = 1 << 20;

/** Runs to the end. A code other than 0 is for the caller to judge. */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  const [stdout, stdoutChild] = openPipe();
  const [stderr, stderrChild] = openPipe();
  const [stdin, stdinChild] = options.input === undefined ? [] : openInputPipe();
  try {
    const child = native().spawn({
      file: options.file,
      args: [options.file, ...options.args],
      env: commandEnvironment,
      descriptors: [stdinChild?.fd ?? 'null', stdoutChild.fd, stderrChild.fd],
      ...(options.mounts === undefined || options.mounts.length === 0 ? {} : { mounts: options.mounts }),
    });
    stdinChild?.close();
    stdoutChild.close();
    stderrChild.close();
    // A program that ends without reading all of its input says why itself.
    stdin?.on('error', () => undefined).end(options.input ?? '');
    const [out, err, { exitCode }] = await Promise.all([readAll(stdout), readAll(stderr), child.exited]);
    return { exitCode, stdout: out, stderr: err };
  } finally {
    stdinChild?.close();
    stdin?.destroy();
    stdoutChild.close();
    stderrChild.close();
    stdout.destroy();
    stderr.destroy();
  }
}

async function readAll(stream: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= outputLimitBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** A pipe whose reading end is a stream here and whose writing end goes to a child. */
export function openPipe(): [Socket, ChildEnd] {
  const [read, write] = native().pipe();
  return [new Socket({ fd: read, readable: true, writable: false }), childEnd(write)];
}

/** A pipe whose writing end is a stream here and whose reading end goes to a child. */
export function openInputPipe(): [Socket, ChildEnd] {
  const [read, write] = native().pipe();
  return [new Socket({ fd: write, readable: false, writable: true }), childEnd(read)];
}
