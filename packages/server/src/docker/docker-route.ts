import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallOptions, Engine } from '@jocker/core';
import type { QueryReader } from './query-reader.ts';

/** What a Docker route works with. It parses, calls one engine method, and translates the answer. */
export interface DockerCall {
  readonly engine: Engine;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly params: Readonly<Record<string, string>>;
  readonly query: QueryReader;
  /** JSON that nobody has looked at, or a stream for any other content type. */
  readonly body: unknown;
  /** `[1, 41]`; the newest when the path names none. */
  readonly version: readonly [number, number];
  readonly options: CallOptions;
}

export interface DockerRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** In Docker's spelling: `/containers/{id}/json`. A parameter with an asterisk (`{name*}`) may hold slashes. */
  readonly path: string;
  /** For docker-compat.md: what it does, or why it is refused. */
  readonly summary: string;
  /** `no`: answers 501 for good. */
  readonly support: 'yes' | 'partly' | 'no';
  /** A returned value is sent as JSON; `undefined` means that the handler has answered. */
  handle(call: DockerCall): Promise<unknown>;
}
