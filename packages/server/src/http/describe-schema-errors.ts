import type { FastifySchemaValidationError } from 'fastify';
import { JockerError } from '@jocker/core';

/** The first thing that a schema refuses, as a sentence with the name of the value in it. */
export function describeSchemaErrors(errors: readonly FastifySchemaValidationError[], part: string): JockerError {
  const [error] = errors;
  const name = `${part}${error?.instancePath ?? ''}`.replaceAll('/', '.');
  const unknown = error?.params['additionalProperty'];
  if (typeof unknown === 'string') return new JockerError('invalid-argument', `there is no ${name}.${unknown}`);
  const missing = error?.params['missingProperty'];
  if (typeof missing === 'string') return new JockerError('invalid-argument', `${name}.${missing} is missing`);
  return new JockerError('invalid-argument', `${name} ${error?.message ?? 'is not valid'}`);
}
