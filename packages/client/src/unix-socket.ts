import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { clientHeader, errorFromBody, JockerError, nativePrefix, onDisconnectHeader, streamProtocol } from '@jocker/protocol';

// An import would read every export of the module, and with `WebSocket` load a whole HTTP client of 20 ms.
const { Agent, request } = process.getBuiltinModule('node:http');

type QueryValue = string | number | boolean | Date | readonly string[] | undefined;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the prefix of the API; `pathOf` makes one with names in it. */
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly json?: unknown;
  /** Sent as it comes instead of JSON. */
  readonly body?: Readable | Uint8Array;
  readonly accept?: string;
  readonly cancelOnDisconnect?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** HTTP over one unix socket. Errors are `JockerError`, also when nobody answers (`unavailable`). */
export interface UnixSocket extends Disposable {
  readonly socketPath: string;
  /** The answer, its body not read yet; a status of 400 or more is thrown. */
  send(call: Call): Promise<IncomingMessage>;
  /** The answer's JSON; undefined for an answer without a body. */
  json<T>(call: Call): Promise<T>;
  /** A connection that carries frames, once the engine has agreed. */
  upgrade(call: Call): Promise<Socket>;
}

/** A path with names in it: `pathOf('containers', id, 'start')`. */
export const pathOf = (...parts: readonly string[]): string => parts.map((part) => `/${encodeURIComponent(part)}`).join('');

export function createUnixSocket(socketPath: string, client: string): UnixSocket {
  const agent = new Agent({ keepAlive: true });

  function open(call: Call, headers: OutgoingHttpHeaders): ClientRequest {
    const { method, path, query = {}, json, body, accept, cancelOnDisconnect, signal } = call;
    const payload = json === undefined ? body : Buffer.from(JSON.stringify(json));
    const sent = request({
      socketPath,
      agent: headers['upgrade'] === undefined ? agent : false,
      method,
      path: `${nativePrefix}${path}${queryText(query)}`,
      headers: {
        ...headers,
        [clientHeader]: client,
        ...(accept === undefined ? {} : { accept }),
        ...(cancelOnDisconnect === true ? { [onDisconnectHeader]: 'cancel' } : {}),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(payload instanceof Uint8Array ? { 'content-length': payload.length } : {}),
        ...(json === undefined && body !== undefined ? { 'content-type': 'application/octet-stream' } : {}),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    if (payload === undefined || payload instanceof Uint8Array) sent.end(payload);
    else pipeline(payload, sent, () => undefined);
    return sent;
  }

  const send = (call: Call): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const sent = open(call, {});
      sent.once('error', (error) => reject(connectionError(error, socketPath, call.signal)));
      sent.once('response', (answer) => void settle(answer).then(resolve, reject));
    });

  return {
    socketPath,
    send,
    async json<T>(call: Call): Promise<T> {
      const answer = await send(call);
      try {
        const body = await text(answer);
        return (body === '' ? undefined : JSON.parse(body)) as T;
      } catch (error) {
        throw connectionError(error, socketPath, call.signal);
      }
    },
    upgrade: (call) =>
      new Promise((resolve, reject) => {
        const sent = open(call, { connection: 'Upgrade', upgrade: streamProtocol });
        sent.once('error', (error) => reject(connectionError(error, socketPath, call.signal)));
        sent.once('response', (answer) => {
          settle(answer).then(() => reject(new JockerError('internal', 'the engine did not open a stream')), reject);
        });
        sent.once('upgrade', (_answer, socket, head) => {
          if (head.length > 0) socket.unshift(head);
          resolve(socket as Socket);
        });
      }),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

async function settle(answer: IncomingMessage): Promise<IncomingMessage> {
  const status = answer.statusCode ?? 0;
  if (status < 400) return answer;
  const body = await text(answer);
  throw errorFromBody(parse(body), `the engine answered ${status}`);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** What went wrong between here and the engine, for a reader who wants to know what to do. */
export function connectionError(error: unknown, socketPath: string, signal?: AbortSignal): JockerError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (signal?.aborted === true) return new JockerError('cancelled', 'the call was cancelled', { cause: error });
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new JockerError('unavailable', `no jocker daemon answers on ${socketPath}`, { cause: error, details: { reason: 'no-daemon' } });
  }
  if (code === 'EACCES') return new JockerError('permission-denied', `no permission to use ${socketPath}`, { cause: error });
  return new JockerError('unavailable', `the connection to the engine on ${socketPath} broke: ${(error as Error).message}`, {
    cause: error,
  });
}

function queryText(query: Readonly<Record<string, QueryValue>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (Array.isArray(value)) for (const item of value as readonly string[]) parameters.append(name, item);
    else parameters.set(name, value instanceof Date ? value.toISOString() : String(value as string | number | boolean));
  }
  const all = parameters.toString();
  return all === '' ? '' : `?${all}`;
}
