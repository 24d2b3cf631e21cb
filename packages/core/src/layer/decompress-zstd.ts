import { createZstdDecompress } from 'node:zlib';

/**
 * All frames of a zstd file. Node's stream ends at the end of the first one and drops the rest, but pzstd and
 * `zstd:chunked` layers have many, some of them skippable.
 */
export async function* decompressZstd(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const input = source[Symbol.asyncIterator]();
  const next = async (): Promise<Buffer | undefined> => {
    const result = await input.next();
    return result.done === true ? undefined : result.value;
  };
  let chunk = await next();
  while (chunk !== undefined) {
    const frame = createZstdDecompress({ chunkSize: 1 << 20 });
    // A frame that is destroyed, or ended in the middle of a chunk, need not call its last write back.
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    frame.once('end', end).once('close', end);
    let given = 0;
    const feed = async (): Promise<void> => {
      while (chunk !== undefined) {
        const part: Buffer = chunk;
        given += part.length;
        await Promise.race([ended, new Promise((resolve) => frame.write(part, resolve))]);
        if (frame.bytesWritten < given || frame.destroyed) return;
        chunk = await next();
      }
      frame.end();
    };
    const feeding = feed();
    // Its failure is the source's, which the reader below has to hear of.
    feeding.catch((error: Error) => frame.destroy(error));
    yield* frame;
    await feeding;
    const left: number = given - frame.bytesWritten;
    frame.destroy();
    if (chunk !== undefined) chunk = left > 0 ? chunk.subarray(chunk.length - left) : await next();
  }
}
