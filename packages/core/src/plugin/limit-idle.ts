import type { Readable } from 'node:stream';

/**
 * Ends the stream with what `late` makes when it was asked for bytes and gave none for `limitMs`. The time in which the engine
 * itself does not read does not count. No byte is copied: it watches the stream's own `read`, `_read` and `push`.
 */
export function limitIdle(stream: Readable, limitMs: number, late: () => Error): void {
  let timer: NodeJS.Timeout | undefined;
  const rest = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const wait = (): void => {
    if (!stream.destroyed && !stream.readableEnded) timer ??= setTimeout(() => stream.destroy(late()), limitMs);
  };
  const push = stream.push.bind(stream);
  const read = stream.read.bind(stream);
  const ask = stream._read.bind(stream);
  stream.push = (...given) => {
    rest();
    return push(...given);
  };
  stream._read = (bytes) => {
    wait();
    ask(bytes);
  };
  stream.read = (...given): unknown => {
    const chunk: unknown = read(...given);
    if (chunk === null) wait();
    return chunk;
  };
  stream.once('close', rest).once('end', rest);
  // It may end before the engine has begun to read.
  stream.on('error', rest);
}
