import { connect, type Socket } from 'node:net';

/** A client that writes bytes as they are and collects what comes back. */
export interface RawConnection extends Disposable {
  readonly socket: Socket;
  write(bytes: string | Buffer): void;
  /** Half-close. */
  end(): void;
  /** Everything received once it contains `text`. */
  until(text: string): Promise<string>;
  /** Everything received once the server has closed. */
  closed(): Promise<string>;
}

export function connectRaw(socketPath: string): RawConnection {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  let received = '';
  let ended = false;
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const check of waiting) check();
  };
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    look();
  });
  const over = (): void => {
    ended = true;
    look();
  };
  socket.on('end', over).on('close', over).on('error', over);
  const when = (done: () => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (done()) resolve(received);
        else if (ended) reject(new Error(`the server closed after ${JSON.stringify(received)}`));
        else return;
        waiting.delete(check);
      };
      waiting.add(check);
      check();
    });
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    until: (text) => when(() => received.includes(text)),
    closed: () => when(() => ended),
    [Symbol.dispose]: () => void socket.destroy(),
  };
}
