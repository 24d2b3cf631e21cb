import {
  Agent as HttpAgent,
  request as requestHttp,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { JockerError } from '@jocker/core';

const idleMsMax = 60_000;
const redirectsMax = 5;
const smallBodyBytesMax = 8 * 1024 * 1024;

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: OutgoingHttpHeaders;
  /** Goes to `url`'s own host and port only, never after a redirect to another (CVE-2020-15157). */
  readonly authorization?: string | undefined;
  readonly body?: Buffer | Readable;
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Where it came from in the end. */
  readonly url: URL;
  /** Must be read to its end or destroyed. */
  readonly body: Readable;
}

export interface HttpExchange extends Disposable {
  /** Follows redirects of requests without a body stream. Throws `unavailable` when the host does not answer. */
  send(request: HttpRequest): Promise<HttpResponse>;
}

export function createHttpExchange(): HttpExchange {
  const agents = { http: new HttpAgent({ keepAlive: true, maxSockets: 8 }), https: new HttpsAgent({ keepAlive: true, maxSockets: 8 }) };

  async function once({ method, url, headers, authorization, body, signal }: HttpRequest): Promise<IncomingMessage> {
    const secure = url.protocol === 'https:';
    if (!secure && url.protocol !== 'http:') throw new JockerError('invalid-argument', `${url.protocol} is not a protocol of registries`);
    const outgoing = (secure ? requestHttps : requestHttp)(url, {
      method,
      headers: { 'user-agent': 'jocker', ...headers, ...(authorization === undefined ? {} : { authorization }) },
      agent: secure ? agents.https : agents.http,
      signal,
      timeout: idleMsMax,
    });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    outgoing.on('response', resolve);
    outgoing.on('timeout', () => outgoing.destroy(new JockerError('unavailable', `${url.host} does not answer`)));
    outgoing.on('error', (cause) => {
      if (signal.aborted) reject(new JockerError('cancelled', `the request to ${url.host} was cancelled`, { cause }));
      else
        reject(
          cause instanceof JockerError
            ? cause
            : new JockerError('unavailable', `${url.host} cannot be reached: ${cause.message || (cause as NodeJS.ErrnoException).code}`, {
                cause,
              }),
        );
    });
    if (body instanceof Readable) {
      // A refusal may come before everything was sent: the response counts, not the broken pipe.
      pipeline(body, outgoing).catch(reject);
    } else outgoing.end(body);
    return await promise;
  }

  return {
    async send(request) {
      let { url, authorization } = request;
      for (let redirects = 0; ; redirects++) {
        const message = await once({ ...request, url, authorization });
        const status = message.statusCode ?? 0;
        const location = message.headers.location;
        const follows =
          [301, 302, 303, 307, 308].includes(status) && location !== undefined && (request.method === 'GET' || request.method === 'HEAD');
        if (!follows) return { status, headers: message.headers, url, body: message };
        message.destroy();
        if (redirects >= redirectsMax)
          throw new JockerError('unavailable', `${request.url.host} redirects more than ${redirectsMax} times`);
        const next = new URL(location, url);
        if (url.protocol === 'https:' && next.protocol !== 'https:')
          throw new JockerError('permission-denied', `${url.host} redirects from https to ${next.protocol}//${next.host}`);
        if (next.origin !== url.origin) authorization = undefined;
        url = next;
      }
    },
    [Symbol.dispose]() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** A whole small body. Throws `resource-exhausted` for one that is not small. */
export async function readBody(body: Readable, bytesMax: number = smallBodyBytesMax): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += (chunk as Buffer).length;
      if (size > bytesMax) throw new JockerError('resource-exhausted', `the answer is longer than ${bytesMax} bytes`);
      chunks.push(chunk as Buffer);
    }
  } finally {
    body.destroy();
  }
  return Buffer.concat(chunks);
}
