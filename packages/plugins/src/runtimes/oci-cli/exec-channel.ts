import { closeSync, fchmodSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { native } from '@jocker/native';
import type { ExecRequest, TerminalSize } from '@jocker/core';
import { childEnd, type ChildEnd } from './child-end.ts';
import { openInputPipe, openPipe } from './run-command.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/** What connects an exec with its client, whichever way the runtime takes it. */
export interface ExecChannel {
  /** For the runtime's process; closed by `closeChildEnds` once it has them. */
  readonly descriptors: readonly [number | 'null', number | 'null', number];
  closeChildEnds(): void;
  /** Where the runtime says why it failed; with a terminal nothing else comes here. */
  readonly runtimeStderr: Readable;
  /** Once the process runs. */
  open(runtimePid: number): Promise<ExecStreams>;
  destroy(): void;
}

interface ExecStreams {
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  readonly stdin: Writable | undefined;
  resize(size: TerminalSize): void;
}

const terminalTimeoutMs = 30_000;
/** Users other than root open /dev/stdout, /dev/stderr and /dev/stdin by name; a new pipe belongs to root alone. */
const pipeMode = 0o666;

/** Real pipes: what Node makes are socket pairs, which /dev/stdout cannot open. */
export function openPipeChannel(request: ExecRequest): ExecChannel {
  const [stdin, stdinChild] = request.openStdin ? openInputPipe() : [undefined, undefined];
  const [stdout, stdoutChild] = openPipe();
  const [stderr, stderrChild] = openPipe();
  const childEnds = [stdinChild, stdoutChild, stderrChild].filter((end) => end !== undefined);
  for (const end of childEnds) fchmodSync(end.fd, pipeMode);
  // The process may end without reading its input.
  stdin?.on('error', () => undefined);
  return {
    descriptors: [stdinChild?.fd ?? 'null', stdoutChild.fd, stderrChild.fd],
    closeChildEnds: () => closeAll(childEnds),
    runtimeStderr: stderr,
    open: async () => ({ stdout, stderr, stdin, resize: () => undefined }),
    destroy: () => [stdin, stdout, stderr].forEach((stream) => stream?.destroy()),
  };
}

/** The runtime makes the terminal and sends its master side. */
export function openConsoleSocketChannel(request: ExecRequest, socketPath: string): ExecChannel {
  const receiver = native().receiveDescriptor(socketPath, terminalTimeoutMs);
  receiver.descriptor.catch(() => undefined);
  const [stderr, stderrChild] = openPipe();
  return {
    descriptors: ['null', 'null', stderrChild.fd],
    closeChildEnds: () => stderrChild.close(),
    runtimeStderr: stderr,
    async open() {
      stderr.resume();
      return terminalStreams(createTerminal(await receiver.descriptor), request);
    },
    destroy() {
      receiver.cancel();
      // It may have come before the runtime found that the program is missing.
      receiver.descriptor.then(closeSync, () => undefined);
      stderr.destroy();
    },
  };
}

/** The runtime makes a terminal, too, and copies between the two; it follows our size when it gets SIGWINCH. */
export function openTerminalChannel(request: ExecRequest): ExecChannel {
  const [master, slave] = native().openTerminal();
  const slaveEnd = childEnd(slave);
  const terminal = createTerminal(master);
  if (request.size !== undefined) terminal.resize(request.size);
  const [stderr, stderrChild] = openPipe();
  return {
    descriptors: [slave, slave, stderrChild.fd],
    closeChildEnds: () => closeAll([slaveEnd, stderrChild]),
    runtimeStderr: stderr,
    async open(runtimePid) {
      stderr.resume();
      const streams = terminalStreams(terminal, request);
      return {
        ...streams,
        resize(size) {
          streams.resize(size);
          process.kill(runtimePid, 'SIGWINCH');
        },
      };
    },
    destroy() {
      terminal.close();
      stderr.destroy();
    },
  };
}

function terminalStreams(terminal: Terminal, request: ExecRequest): ExecStreams {
  return {
    stdout: terminal.output,
    stderr: undefined,
    stdin: request.openStdin ? terminal.input : undefined,
    resize: terminal.resize,
  };
}

function closeAll(ends: readonly ChildEnd[]): void {
  for (const end of ends) end.close();
}
