import { isJockerError, type ErrorCode } from '@jocker/core';

const statusByCode: Readonly<Record<ErrorCode, number>> = {
  'invalid-argument': 400,
  unauthenticated: 401,
  'permission-denied': 403,
  'not-found': 404,
  'already-exists': 409,
  'failed-precondition': 409,
  cancelled: 499,
  internal: 500,
  'data-loss': 500,
  unsupported: 501,
  unavailable: 503,
  'deadline-exceeded': 504,
  'resource-exhausted': 507,
};

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  403: 'permission-denied',
  404: 'not-found',
  413: 'resource-exhausted',
};

/** The status of an error: a JockerError's by its code, a request that HTTP itself refuses by its own, else 500. */
export function statusOf(error: unknown): number {
  if (isJockerError(error)) return statusByCode[error.code];
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

/** The code of an error, also of one that HTTP or the schema check refused. */
export function codeOf(error: unknown): ErrorCode {
  if (isJockerError(error)) return error.code;
  const status = statusOf(error);
  return status === 500 ? 'internal' : (codeByStatus[status] ?? 'invalid-argument');
}
