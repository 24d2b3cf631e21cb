import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { native } from '@jocker/native';
import type { TestDaemon } from './daemon.ts';

const jocker = fileURLToPath(new URL('../../jocker', import.meta.url));
const pollMs = 10;
const patienceMs = 60_000;

/** A person at a terminal who runs one command. */
export interface TerminalUser extends AsyncDisposable {
  /** Everything that the terminal has shown, as soon as `text` is in what came after the last call. */
  sees(text: string): Promise<string>;
  types(keys: string): void;
  resizes(columns: number, rows: number): void;
  /** The exit code of the command. */
  readonly ends: Promise<number>;
}

export interface TerminalProgram {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Of a daemon: `jocker` against it. */
export function sitAtTerminal(
  of: Pick<TestDaemon, 'socketPath'> | TerminalProgram,
  args: readonly string[],
  size: readonly [number, number] = [80, 24],
): TerminalUser {
  const { program, env } = 'program' in of ? of : { program: jocker, env: { ...process.env, JOCKER_HOST: `unix://${of.socketPath}` } };
  const [master, slave] = native().openTerminal();
  native().setWindowSize(master, size[0], size[1]);
  const child = spawn(program, args, { stdio: [slave, slave, slave], env });
  const ends = once(child, 'exit').then(([code]) => code as number);
  let shown = '';
  let seenTo = 0;
  const buffer = Buffer.alloc(65_536);
  const read = (): void => {
    for (;;) {
      try {
        const length = readSync(master, buffer);
        if (length === 0) return;
        shown += buffer.toString('utf8', 0, length);
      } catch {
        return;
      }
    }
  };
  const reading = setInterval(read, pollMs);
  return {
    ends,
    types: (keys) => void writeSync(master, keys),
    resizes(columns, rows) {
      native().setWindowSize(master, columns, rows);
      // The kernel tells the session whose terminal this is; here it has none.
      child.kill('SIGWINCH');
    },
    async sees(text) {
      for (const giveUp = Date.now() + patienceMs; ;) {
        const at = shown.indexOf(text, seenTo);
        if (at >= 0) {
          seenTo = at + text.length;
          return shown;
        }
        if (Date.now() > giveUp) throw new Error(`the terminal never showed ${JSON.stringify(text)}: ${JSON.stringify(shown)}`);
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill('SIGKILL');
      await ends;
      clearInterval(reading);
      closeSync(master);
      closeSync(slave);
    },
  };
}
