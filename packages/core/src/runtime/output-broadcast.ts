import type { OutputChunk } from './runtime-backend.ts';

/**
 * One source of output, any number of readers. Each reader has a buffer of its own with a bound; past the bound its oldest
 * chunks are dropped, so that nobody's slowness costs anybody else. With `pausable` a reader that is alone loses nothing:
 * the source has to pause while `congested` is true.
 */
export interface OutputBroadcast {
  write(chunk: OutputChunk): void;
  /** Readers end after what they still hold. */
  end(): void;
  /** From now on, with `replay` in front of it. */
  subscribe(replay?: readonly OutputChunk[]): OutputReader;
  readonly readers: number;
  /** Exactly one reader, and its buffer is full. */
  readonly congested: boolean;
}

/** A single iteration; returning from it closes the reader. */
export interface OutputReader extends AsyncIterable<OutputChunk> {
  close(): void;
}

export interface OutputBroadcastOptions {
  /** Of each reader's buffer. */
  readonly limitBytes: number;
  /** The source honours `congested`. */
  readonly pausable: boolean;
  /** Called when `congested` may have turned false. */
  readonly onRoom?: () => void;
  /** Called when a reader has gone. */
  readonly onClose?: () => void;
}

interface ReaderState {
  readonly queue: OutputChunk[];
  head: number;
  bytes: number;
  ended: boolean;
  wake: (() => void) | undefined;
}

export function createOutputBroadcast(options: OutputBroadcastOptions): OutputBroadcast {
  const readers = new Set<ReaderState>();
  let ended = false;

  const wake = (reader: ReaderState): void => {
    const { wake } = reader;
    reader.wake = undefined;
    wake?.();
  };

  const take = (reader: ReaderState): OutputChunk | undefined => {
    const chunk = reader.queue[reader.head];
    if (chunk === undefined) return undefined;
    reader.head += 1;
    reader.bytes -= chunk.data.length;
    if (reader.head === reader.queue.length || reader.head > 1024) {
      reader.queue.splice(0, reader.head);
      reader.head = 0;
    }
    return chunk;
  };

  const push = (reader: ReaderState, chunk: OutputChunk): void => {
    reader.queue.push(chunk);
    reader.bytes += chunk.data.length;
    if (options.pausable && readers.size === 1) return wake(reader);
    while (reader.bytes > options.limitBytes && reader.queue.length - reader.head > 1) take(reader);
    wake(reader);
  };

  const close = (reader: ReaderState): void => {
    reader.ended = true;
    reader.queue.length = 0;
    reader.head = 0;
    reader.bytes = 0;
    wake(reader);
    if (!readers.delete(reader)) return;
    options.onRoom?.();
    options.onClose?.();
  };

  async function* read(reader: ReaderState): AsyncGenerator<OutputChunk> {
    try {
      for (;;) {
        const chunk = take(reader);
        if (chunk !== undefined) {
          if (reader.bytes < options.limitBytes) options.onRoom?.();
          yield chunk;
        } else if (reader.ended) return;
        else await new Promise<void>((resolve) => (reader.wake = resolve));
      }
    } finally {
      close(reader);
    }
  }

  return {
    write(chunk) {
      for (const reader of readers) if (!reader.ended) push(reader, chunk);
    },
    end() {
      ended = true;
      for (const reader of readers) {
        reader.ended = true;
        wake(reader);
      }
    },
    subscribe(replay = []) {
      const reader: ReaderState = { queue: [...replay], head: 0, bytes: 0, ended, wake: undefined };
      for (const chunk of replay) reader.bytes += chunk.data.length;
      readers.add(reader);
      const iteration = read(reader);
      return { [Symbol.asyncIterator]: () => iteration, close: () => close(reader) };
    },
    get readers() {
      return readers.size;
    },
    get congested() {
      const [only] = readers;
      return readers.size === 1 && only !== undefined && only.bytes >= options.limitBytes;
    },
  };
}
