import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import {
  encodeFrame,
  encodeJsonFrame,
  errorFromBody,
  FrameDecoder,
  frameType,
  jsonOfFrame,
  JockerError,
  type OutputChunk,
  type ProcessStreams,
  type TerminalSize,
} from '@jocker/protocol';

/** A process of the engine that this client is attached to. Leaving it does not stop it. */
export interface ProcessSession extends ProcessStreams {
  /** To be read, once: back-pressure reaches the engine, and the exit code comes behind the last byte. With a tty all is `stdout`. */
  readonly output: AsyncIterable<OutputChunk>;
  /** `end()` is end of file for the process; its output goes on. */
  readonly stdin: Writable;
  /** Resolves behind the output; rejects when the connection broke or the session was left before. */
  readonly exited: Promise<{ readonly exitCode: number }>;
  resize(size: TerminalSize): void;
  /** Leaves. */
  detach(): void;
}

/** The same bytes as Node's own kind. */
export const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, byteLength);

export function createProcessSession(socket: Socket): ProcessSession {
  const exit = Promise.withResolvers<{ readonly exitCode: number }>();
  exit.promise.catch(() => undefined);
  let left = false;
  socket.on('error', () => undefined);
  socket.setNoDelay();

  async function* output(): AsyncGenerator<OutputChunk> {
    const decoder = new FrameDecoder();
    try {
      for await (const bytes of socket) {
        for (const frame of decoder.push(bytes as Uint8Array)) {
          if (frame.type === frameType.stdout) yield { stream: 'stdout', data: bufferOf(frame.payload) };
          else if (frame.type === frameType.stderr) yield { stream: 'stderr', data: bufferOf(frame.payload) };
          else if (frame.type === frameType.exit) return exit.resolve(jsonOfFrame(frame) as { exitCode: number });
          else if (frame.type === frameType.error) throw errorFromBody(jsonOfFrame(frame), 'the stream failed');
        }
      }
      throw new JockerError('unavailable', 'the connection to the engine broke');
    } catch (error) {
      const reason = left ? new JockerError('cancelled', 'the session was left') : (error as Error);
      exit.reject(reason);
      if (!left) throw reason;
    } finally {
      socket.destroy();
    }
  }

  const detach = (): void => {
    left = true;
    exit.reject(new JockerError('cancelled', 'the session was left'));
    socket.destroy();
  };

  const send = (frame: Uint8Array, done: (error?: Error | null) => void): void => {
    // A process that has ended takes no more input; that is no error of whoever writes.
    if (!socket.writable) done();
    else socket.write(frame, () => done());
  };
  const stdin = new Writable({
    write: (chunk: Buffer, _encoding, done) => send(encodeFrame(frameType.stdin, chunk), done),
    final: (done) => send(encodeFrame(frameType.stdinEnd), done),
  });

  return {
    output: output(),
    stdin,
    exited: exit.promise,
    resize: (size) => send(encodeJsonFrame(frameType.resize, size), () => undefined),
    detach,
    [Symbol.asyncDispose]: async () => detach(),
  };
}
