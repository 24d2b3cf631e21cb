import type { Static, TSchema } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallOptions, Engine } from '@jocker/core';

type PathParameters<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { readonly [K in Name | keyof PathParameters<`/${Rest}`>]: string }
  : Path extends `${string}:${infer Name}`
    ? { readonly [K in Name]: string }
    : unknown;

interface NativeCall<Path extends string, Query, Body> {
  readonly engine: Engine;
  readonly params: PathParameters<Path>;
  readonly query: Query;
  readonly body: Body;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Who asked. No signal: what changes something goes on when its client goes away. */
  readonly options: CallOptions;
  /** For waits, follows and downloads: fires when the client goes away. */
  readonly whileConnected: () => AbortSignal;
}

interface RouteTexts<Path extends string> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the prefix of the API. */
  readonly path: Path;
  readonly summary: string;
  /** What the answer is, for the reference. */
  readonly answers: string;
  /** The body is a stream of this kind instead of JSON. */
  readonly bodyStream?: string;
}

/** One call of the native API: what it takes, and the one call of the engine that it becomes. */
export interface NativeRoute extends RouteTexts<string> {
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** What it resolves with is the answer; nothing is 204, the reply itself means that the answer is on its way. */
  handle(call: NativeCall<string, unknown, unknown>): Promise<unknown>;
}

interface TypedRoute<Path extends string, Query extends TSchema, Body extends TSchema> extends RouteTexts<Path> {
  readonly query?: Query;
  readonly body?: Body;
  handle(call: NativeCall<Path, Static<Query>, Static<Body>>): Promise<unknown>;
}

/** Identity at run time; types the call by the path and the schemas. */
export function defineRoute<const Path extends string, Query extends TSchema, Body extends TSchema>(
  route: TypedRoute<Path, Query, Body>,
): NativeRoute {
  return route as unknown as NativeRoute;
}
