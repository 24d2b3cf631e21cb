import { once } from 'node:events';
import type { ProcessSession } from '@jocker/client';
import { isJockerError, type TerminalSize } from '@jocker/protocol';
import { createDetachScanner, parseDetachKeys } from './detach-keys.ts';
import { rawTerminal } from './raw-terminal.ts';

export const defaultDetachKeys = 'ctrl-p,ctrl-q';

export interface SessionOptions {
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly detachKeys: string;
  /** Sends a signal to the process. Only without a tty: there, keys do it. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
}

export type SessionEnd = { readonly exitCode: number } | 'detached';

/** The size of the terminal that this program writes to; undefined when it is none. */
export function terminalSize(): TerminalSize | undefined {
  const { columns, rows } = process.stdout;
  return process.stdout.isTTY ? { columns, rows } : undefined;
}

/** Joins this program's own streams, terminal and signals with a process of the engine, until it ends or the user leaves it. */
export async function runSession(session: ProcessSession, options: SessionOptions): Promise<SessionEnd> {
  using terminal = new DisposableStack();
  if (options.tty) followSize(session, terminal);
  else proxySignals(options.kill, terminal);
  let detached = false;
  if (options.interactive) {
    if (options.tty && process.stdin.isTTY) terminal.use(await rawTerminal(process.stdin));
    void sendInput(session, options).then((left) => {
      if (!left) return;
      detached = true;
      session.detach();
    });
  }
  for await (const { stream, data } of session.output) {
    const out = stream === 'stdout' ? process.stdout : process.stderr;
    if (!out.write(data)) await once(out, 'drain');
  }
  try {
    return await session.exited;
  } catch (error) {
    if (detached && isJockerError(error, 'cancelled')) return 'detached';
    throw error;
  }
}

/** Resolves with true when the detach keys were typed. */
async function sendInput({ stdin }: ProcessSession, { tty, detachKeys }: SessionOptions): Promise<boolean> {
  const scan = tty ? createDetachScanner(parseDetachKeys(detachKeys)) : undefined;
  for await (const chunk of process.stdin) {
    const { forward, detached } = scan?.(chunk as Buffer) ?? { forward: chunk as Buffer, detached: false };
    if (forward.length > 0 && !stdin.write(forward)) await once(stdin, 'drain');
    if (detached) return true;
  }
  stdin.end();
  return false;
}

function followSize(session: ProcessSession, terminal: DisposableStack): void {
  const resize = (): void => {
    const size = terminalSize();
    if (size !== undefined) session.resize(size);
  };
  resize();
  process.stdout.on('resize', resize);
  terminal.defer(() => void process.stdout.off('resize', resize));
}

const proxied: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
const interruptsMax = 3;

function proxySignals(kill: SessionOptions['kill'], terminal: DisposableStack): void {
  let interrupts = 0;
  const forward = (signal: NodeJS.Signals): void => {
    // A process that ignores the signal must not keep its user here.
    if (signal === 'SIGINT' && (interrupts += 1) >= interruptsMax) process.exit(130);
    kill(signal).catch(() => undefined);
  };
  for (const signal of proxied) process.on(signal, forward);
  terminal.defer(() => {
    for (const signal of proxied) process.off(signal, forward);
  });
}
