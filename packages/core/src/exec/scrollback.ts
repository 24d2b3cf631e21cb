import type { OutputChunk } from '../runtime/runtime-backend.ts';

/** The newest output of a session, up to a number of bytes. */
export interface Scrollback {
  push(chunk: OutputChunk): void;
  readonly chunks: readonly OutputChunk[];
}

export function createScrollback(limitBytes: number): Scrollback {
  let chunks: OutputChunk[] = [];
  let bytes = 0;
  return {
    push(chunk) {
      const newest = chunk.data.length > limitBytes ? chunk.data.subarray(-limitBytes) : chunk.data;
      // A copy: what comes from a socket is a small view into a large buffer.
      chunks.push({ stream: chunk.stream, data: Buffer.from(newest) });
      bytes += newest.length;
      let dropped = 0;
      for (const oldest of chunks) {
        if (bytes <= limitBytes) break;
        bytes -= oldest.data.length;
        dropped += 1;
      }
      if (dropped > 0) chunks = chunks.slice(dropped);
    },
    get chunks() {
      return chunks;
    },
  };
}
