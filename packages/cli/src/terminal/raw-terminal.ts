import { spawn } from 'node:child_process';
import type { ReadStream } from 'node:tty';

/**
 * Keys go on unread and output unchanged until it is disposed. Node's raw mode keeps turning `\n` into `\r\n` on the way out,
 * which breaks whatever draws on the screen in the container; stty(1) turns that off, and Node's way back turns it on again.
 */
export async function rawTerminal(terminal: ReadStream): Promise<Disposable> {
  terminal.setRawMode(true);
  await new Promise<void>((resolve) => {
    const stty = spawn('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
    stty.once('error', () => resolve()).once('exit', () => resolve());
  });
  return { [Symbol.dispose]: () => void terminal.setRawMode(false) };
}
