import type { FastifyInstance } from 'fastify';
import type { Engine } from '@jocker/core';

/**
 * Registers one API. `scope` is the API's own: its error handler and not-found handler (with a prefix) reach no other's.
 * Paths carry no Docker version: `/v1.41/info` arrives as `/info`, `apiVersionOf` tells which one was asked.
 *
 * Bodies: `application/json` is parsed (8 MiB at most, an empty one is `undefined`); any other body is `request.body` as a
 * `Readable`, unlimited and with back-pressure. Requests are validated by `schema` (TypeBox), without coercion.
 */
export type RegisterRoutes = (scope: FastifyInstance, engine: Engine) => void | Promise<void>;
