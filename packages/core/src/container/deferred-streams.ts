import { PassThrough } from 'node:stream';
import type { OutputChunk, ProcessStreams } from '../runtime/runtime-backend.ts';

/** Streams of a process that does not exist yet. */
export interface DeferredStreams {
  readonly streams: ProcessStreams;
  /** From now on these are the process's. */
  connect(inner: ProcessStreams): void;
  /** There will be no process: the output ends. */
  end(): void;
}

/** What is written before waits in a pipe, whose bound makes the writer wait as a process would. */
export function createDeferredStreams(openStdin: boolean, onClose: () => void): DeferredStreams {
  const connected = Promise.withResolvers<ProcessStreams | undefined>();
  const stdin = openStdin ? new PassThrough() : undefined;
  stdin?.on('error', () => undefined);

  async function* output(): AsyncGenerator<OutputChunk> {
    const inner = await connected.promise;
    if (inner !== undefined) yield* inner.output;
  }
  return {
    streams: {
      output: output(),
      stdin,
      async [Symbol.asyncDispose]() {
        onClose();
        connected.resolve(undefined);
        const inner = await connected.promise;
        // What a client has ended properly reaches the process before it goes.
        if (stdin !== undefined && !stdin.writableEnded) stdin.destroy();
        await inner?.[Symbol.asyncDispose]();
      },
    },
    connect(inner) {
      if (stdin !== undefined && inner.stdin !== undefined) stdin.pipe(inner.stdin);
      connected.resolve(inner);
    },
    end: () => connected.resolve(undefined),
  };
}
