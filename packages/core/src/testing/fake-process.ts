import type { OciProcess } from '../oci/runtime-spec.ts';
import type { TerminalSize } from '../container/create-request.ts';
import type { OutputChunk } from '../runtime/runtime-backend.ts';

/** What a scripted program sees. Everything is in this process: no pid, no signal, no file of the host. */
export interface FakeProcess {
  readonly pid: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly size: TerminalSize;
  /** Undefined at end of file. */
  read(): Promise<Buffer | undefined>;
  /** Waits while whoever takes the output is full. */
  write(stream: OutputChunk['stream'], data: string | Uint8Array): Promise<void>;
  sleep(durationMs: number): Promise<void>;
  /** Without one, a signal ends the process (the first process of a container only by SIGKILL, as in Linux). */
  trap(signal: number, handler: () => void): void;
  /** As another process of the container would. */
  kill(signal: number): void;
  exhaustMemory(): void;
  /** The same process with another program: descriptors and signals stay. */
  exec(args: readonly string[]): Promise<number>;
}

export type FakeProgram = (process: FakeProcess) => Promise<number> | number;

export interface FakeProcessOptions {
  readonly pid: number;
  readonly process: OciProcess;
  readonly tty: boolean;
  readonly size: TerminalSize;
  readonly openStdin: boolean;
  readonly first: boolean;
  readonly program: FakeProgram;
  findProgram(args: readonly string[]): FakeProgram | undefined;
  onOutput(chunk: OutputChunk): Promise<void> | void;
}

export interface RunningFakeProcess {
  readonly ended: Promise<{ readonly exitCode: number; readonly oomKilled: boolean }>;
  input(data: Buffer): void;
  endInput(): void;
  kill(signal: number): void;
  resize(size: TerminalSize): void;
}

const sigint = 2;
const sigkill = 9;
const sigchld = 17;
const sigcont = 18;
const sigwinch = 28;
const harmless = new Set([sigchld, sigcont, sigwinch]);

export function runFakeProcess(options: FakeProcessOptions): RunningFakeProcess {
  const traps = new Map<number, () => void>();
  const pendingInput: Buffer[] = [];
  const timers = new Map<NodeJS.Timeout, () => void>();
  let inputEnded = !options.openStdin && !options.tty;
  let wakeReader: (() => void) | undefined;
  let size = options.size;
  let over = false;
  let end: (status: { exitCode: number; oomKilled: boolean }) => void = () => undefined;
  const ended = new Promise<{ exitCode: number; oomKilled: boolean }>((resolve) => (end = resolve));

  const finish = (exitCode: number, oomKilled = false): void => {
    over = true;
    for (const timer of timers.keys()) clearTimeout(timer);
    end({ exitCode: exitCode & 0xff, oomKilled });
  };
  const wake = (): void => {
    wakeReader?.();
    wakeReader = undefined;
  };
  /** Never returns once the process is dead, so that its program goes no further. */
  const alive = <T>(value: T): Promise<T> | T => (over ? new Promise<T>(() => undefined) : value);

  const write = async (stream: OutputChunk['stream'], data: string | Uint8Array): Promise<void> => {
    await alive(undefined);
    const bytes = Buffer.from(data);
    if (!options.tty) await options.onOutput({ stream, data: bytes });
    else await options.onOutput({ stream: 'stdout', data: Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1') });
    return await alive(undefined);
  };
  const kill = (signal: number): void => {
    if (over || signal === 0) return;
    const handler = signal === sigkill ? undefined : traps.get(signal);
    if (handler !== undefined) {
      handler();
      for (const [timer, resolve] of timers) {
        clearTimeout(timer);
        resolve();
      }
      timers.clear();
    } else if (signal === sigkill || (!options.first && !harmless.has(signal))) finish(128 + signal);
  };
  const terminalInput = (data: Buffer): void => {
    for (const byte of data) {
      if (byte === 0x03) kill(sigint);
      else if (byte === 0x04) inputEnded = true;
      else pendingInput.push(Buffer.from([byte === 0x0d ? 0x0a : byte]));
    }
    const echoed = data.filter((byte) => byte > 0x04);
    if (echoed.length > 0) void write('stdout', Buffer.from(echoed.map((byte) => (byte === 0x0d ? 0x0a : byte))));
  };

  const processFor = (args: readonly string[]): FakeProcess => ({
    pid: options.pid,
    args,
    env: Object.fromEntries(options.process.env.map((entry) => [entry.split('=', 1)[0] ?? '', entry.slice(entry.indexOf('=') + 1)])),
    cwd: options.process.cwd,
    get size() {
      return size;
    },
    async read() {
      while (pendingInput.length === 0 && !inputEnded) await new Promise<void>((resolve) => (wakeReader = resolve));
      const data = pendingInput.length === 0 ? undefined : Buffer.concat(pendingInput.splice(0));
      return await alive(data);
    },
    write,
    async sleep(durationMs) {
      await alive(undefined);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          timers.delete(timer);
          resolve();
        }, durationMs);
        timers.set(timer, resolve);
      });
      await alive(undefined);
    },
    trap: (signal, handler) => void traps.set(signal, handler),
    kill,
    exhaustMemory: () => finish(128 + sigkill, true),
    async exec(next) {
      const program = options.findProgram(next);
      return program === undefined ? 127 : await program(processFor(next));
    },
  });

  const run = async (): Promise<void> => {
    try {
      const exitCode = await options.program(processFor(options.process.args));
      if (!over) finish(exitCode);
    } catch (error) {
      await options.onOutput({ stream: 'stderr', data: Buffer.from(`${String(error)}\n`) });
      finish(1);
    }
  };
  void run();
  return {
    ended,
    kill,
    input(data) {
      if (options.tty) terminalInput(data);
      else if (!inputEnded) pendingInput.push(Buffer.from(data));
      wake();
    },
    endInput() {
      inputEnded = true;
      wake();
    },
    resize(next) {
      size = next;
      kill(sigwinch);
    },
  };
}
