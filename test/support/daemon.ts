import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJockerClient, type JockerClient } from '@jocker/client';
import { networkTracesOf } from './network-traces.ts';

const program = fileURLToPath(new URL('../../jocker', import.meta.url));
const readyTimeoutMs = 60_000;
const traceTimeoutMs = 15_000;

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

export interface RunOptions {
  /** Written to stdin, then its end; without it stdin is empty. */
  readonly input?: string | Buffer;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A daemon of one test file, with the real program: `jocker serve` on temporary folders. */
export interface TestDaemon extends AsyncDisposable {
  /** Removed at the end; tests may put files of their own there. */
  readonly directory: string;
  readonly socketPath: string;
  readonly client: JockerClient;
  readonly engineId: string;
  readonly pid: number;
  /** Runs `jocker ARGS` against it, to its end. */
  jocker(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same for a run that must succeed; gives what it printed, without the last line end. */
  print(args: readonly string[], options?: RunOptions): Promise<string>;
  /** Starts `jocker ARGS` with pipes, for a test to talk with. */
  start(args: readonly string[]): ChildProcess;
  /** Ends it (SIGTERM, or as a crash would) and starts another one on the same folders. */
  restart(how: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** The same, with something done while no daemon runs. */
  restartAfter(how: 'SIGTERM' | 'SIGKILL', meanwhile: () => Promise<void>): Promise<void>;
  log(): Promise<string>;
}

export async function startDaemon(serveArguments: readonly string[] = []): Promise<TestDaemon> {
  const directory = await mkdtemp(join(tmpdir(), 'jocker-e2e-'));
  const socketPath = join(directory, 'jocker.sock');
  const env = { ...process.env, JOCKER_HOST: `unix://${socketPath}` };
  const client = createJockerClient({ socketPath, client: 'test' });
  let serving: ChildProcess | undefined;
  let engineId = '';

  async function serve(): Promise<void> {
    const folders = ['--data-root', join(directory, 'data'), '--run-root', join(directory, 'run')];
    const child = spawn(program, ['serve', '--socket', socketPath, ...folders, ...serveArguments], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    });
    const log = createWriteStream(join(directory, 'daemon.log'), { flags: 'a' });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log);
    serving = child;
    for (const giveUp = Date.now() + readyTimeoutMs; ;) {
      const answer = await client.system.handshake().catch(() => undefined);
      if (answer !== undefined) {
        engineId = answer.engineId;
        return;
      }
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > giveUp) {
        throw new Error(`the daemon did not start: ${await readFile(join(directory, 'daemon.log'), 'utf8')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = serving;
    serving = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async function removeContainers(): Promise<void> {
    for (const giveUp = Date.now() + traceTimeoutMs; ;) {
      const left = await client.containers.list();
      if (left.length === 0) return;
      // One that is on its way out by itself (`--rm`) answers with an error.
      const results = await Promise.allSettled(left.map(({ id }) => client.containers.remove(id, { force: true })));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined && Date.now() > giveUp) throw failed.reason;
    }
  }

  async function removeNetworks(): Promise<void> {
    for (const { id, name } of await client.networks.list()) if (name !== 'bridge') await client.networks.remove(id);
  }

  async function remove(): Promise<void> {
    let traces: readonly string[] = [];
    try {
      await removeContainers();
      await removeNetworks();
    } finally {
      client[Symbol.dispose]();
      await end('SIGTERM');
      traces = await tracesOf(directory, engineId);
      await rm(directory, { recursive: true, force: true });
    }
    if (traces.length > 0) throw new Error(`the daemon left behind: ${traces.join(', ')}`);
  }

  const start = (args: readonly string[], options: RunOptions = {}): ChildProcess =>
    spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });

  const daemon: TestDaemon = {
    directory,
    socketPath,
    client,
    get engineId() {
      return engineId;
    },
    get pid() {
      return serving?.pid ?? 0;
    },
    start,
    async jocker(args, options = {}) {
      return collect(start(args, options), options.input);
    },
    async print(args, options) {
      const ran = await daemon.jocker(args, options);
      if (ran.exitCode !== 0) throw new Error(`jocker ${args.join(' ')} ended with ${ran.exitCode}: ${ran.stderr}${ran.stdout}`);
      return ran.stdout.replace(/\n$/, '');
    },
    restart: (how) => daemon.restartAfter(how, async () => undefined),
    async restartAfter(how, meanwhile) {
      await end(how);
      await meanwhile();
      await serve();
    },
    log: () => readFile(join(directory, 'daemon.log'), 'utf8'),
    [Symbol.asyncDispose]: remove,
  };
  try {
    await serve();
  } catch (error) {
    client[Symbol.dispose]();
    await end('SIGKILL');
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return daemon;
}

/** What a program wrote and how it ended. */
export async function collect(child: ChildProcess, input: string | Buffer = ''): Promise<Ran> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  // A program that ends without reading all of its input is no failure of the test.
  child.stdin?.on('error', () => undefined).end(input);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const stdoutBytes = Buffer.concat(out);
  return {
    exitCode: code ?? (signal === null ? -1 : 128),
    stdoutBytes,
    stdout: stdoutBytes.toString(),
    stderr: Buffer.concat(err).toString(),
  };
}

/** Processes, mounts, cgroups and networks of an engine that is no more. What is about to end is waited for. */
async function tracesOf(directory: string, engineId: string): Promise<readonly string[]> {
  for (const giveUp = Date.now() + traceTimeoutMs; ;) {
    const found = (
      await Promise.all([processesWith(directory), mountsBelow(directory), cgroupsOf(engineId), networkTracesOf(engineId)])
    ).flat();
    if (found.length === 0 || Date.now() > giveUp) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function processesWith(directory: string): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(directory)).map((line) => `process ${line.replaceAll('\0', ' ')}`);
}

async function mountsBelow(directory: string): Promise<readonly string[]> {
  return (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(directory))
    .map((line) => `mount ${line}`);
}

async function cgroupsOf(engineId: string): Promise<readonly string[]> {
  const root = '/sys/fs/cgroup';
  const folders = [
    root,
    ...(await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => join(root, entry.name)),
  ];
  const found = await Promise.all(
    folders.map(async (folder) => (await readdir(folder).catch(() => [])).filter((name) => name === `jocker-${engineId}`)),
  );
  return found.flatMap((names, index) => names.map((name) => `cgroup ${folders[index]}/${name}`));
}
