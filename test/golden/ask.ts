import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** After the head: written, then the client's side ends. */
  readonly input?: string;
}

const patienceMs = 20_000;

/** One request over a unix socket, its answer to the end; an upgraded connection is read to its end too. */
export function ask(socketPath: string, question: Question): Promise<Answer> {
  const { method, path, headers, body } = question;
  return new Promise((resolve, reject) => {
    const sent = request({
      socketPath,
      method,
      path,
      headers: { ...headers, host: 'docker' },
      agent: false,
      signal: AbortSignal.timeout(patienceMs),
    });
    const collect = (message: IncomingMessage, stream: NodeJS.ReadableStream, head: Buffer): void => {
      const pieces: Buffer[] = [head];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.once('error', reject);
      stream.once('end', () => {
        resolve({ status: message.statusCode ?? 0, headers: message.headers, body: Buffer.concat(pieces) });
        sent.destroy();
      });
    };
    sent.once('error', reject);
    sent.once('response', (message) => collect(message, message, Buffer.alloc(0)));
    sent.once('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => {
      collect(message, socket, head);
      socket.end(question.input ?? '');
    });
    sent.end(body);
  });
}
