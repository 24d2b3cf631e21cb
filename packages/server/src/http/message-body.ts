import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { jsonBodyMaxBytes } from './request-body.ts';

interface MessageBody {
  /** Undefined when the request announces none. */
  readonly body: Buffer | undefined;
  /** What the client sent after it. */
  readonly rest: Buffer;
}

/**
 * The body of a request whose connection Node has handed over: from `head`, then from the socket. A chunked body is taken
 * for one only when it is JSON; clients that attach announce `chunked` for the stream itself.
 */
export async function readMessageBody(headers: IncomingHttpHeaders, socket: Socket, head: Buffer): Promise<MessageBody> {
  const length = Number(headers['content-length'] ?? 0);
  if (!(length <= jsonBodyMaxBytes)) throw bodyTooLarge();
  if (length > 0) {
    const bytes = await readUntil(socket, head, (seen) => seen.length >= length);
    return { body: bytes.subarray(0, length), rest: bytes.subarray(length) };
  }
  const json = /^application\/json\b/i.test(headers['content-type'] ?? '');
  if (!json || !/\bchunked\b/i.test(headers['transfer-encoding'] ?? '')) return { body: undefined, rest: head };
  let decoded: MessageBody | undefined;
  await readUntil(socket, head, (seen) => (decoded = decodeChunks(seen)) !== undefined);
  return decoded ?? { body: undefined, rest: head };
}

/** Collects until `enough` says so. Whoever reads the socket next loses nothing. */
function readUntil(socket: Socket, head: Buffer, enough: (seen: Buffer) => boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let seen = head;
    const settle = (end: () => void): void => {
      socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd);
      end();
    };
    const onReadable = (): void => {
      try {
        for (let chunk: unknown = socket.read(); chunk !== null; chunk = socket.read()) seen = Buffer.concat([seen, chunk as Buffer]);
        if (enough(seen)) settle(() => resolve(seen));
        else if (seen.length > 2 * jsonBodyMaxBytes) throw bodyTooLarge();
      } catch (error) {
        settle(() => reject(error as Error));
      }
    };
    const onEnd = (): void => settle(() => reject(new Error('the request ended within its body')));
    socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd);
    onReadable();
  });
}

const bodyTooLarge = (): Error => Object.assign(new Error('the body is too large'), { statusCode: 413 });

/** Undefined while the last chunk has not come. */
function decodeChunks(bytes: Buffer): MessageBody | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const sizeText = bytes.toString('latin1', at, lineEnd).split(';')[0]?.trim() ?? '';
    if (!/^[0-9a-f]{1,7}$/i.test(sizeText)) throw new Error('a chunk has no size');
    const size = Number.parseInt(sizeText, 16);
    const start = lineEnd + 2;
    if (bytes.length < start + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), rest: bytes.subarray(start + 2) };
    parts.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}
