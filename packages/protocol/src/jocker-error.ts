import type { ErrorCode, ErrorReason } from './views.ts';

/** What an answer with a status of 400 or more carries, and an error frame or line within a stream. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The engine's error on the client's side of the socket: same name, code and details. */
export class JockerError extends Error {
  override readonly name = 'JockerError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** By name: an error of the engine in the same process is one too. */
export function isJockerError(error: unknown, code?: ErrorCode): error is JockerError {
  return error instanceof Error && error.name === 'JockerError' && (code === undefined || (error as JockerError).code === code);
}

export function reasonOf(error: unknown): ErrorReason | undefined {
  return isJockerError(error) ? (error.details['reason'] as ErrorReason | undefined) : undefined;
}

const codes: Readonly<Record<ErrorCode, true>> = {
  'invalid-argument': true,
  'not-found': true,
  'already-exists': true,
  'failed-precondition': true,
  'permission-denied': true,
  unauthenticated: true,
  unavailable: true,
  unsupported: true,
  'resource-exhausted': true,
  'deadline-exceeded': true,
  'data-loss': true,
  cancelled: true,
  internal: true,
};

/** An error out of what a server sent; whatever is not an error body becomes `internal` with `otherwise` as its message. */
export function errorFromBody(body: unknown, otherwise: string): JockerError {
  const { code, message, details } = (typeof body === 'object' && body !== null ? body : {}) as Partial<Record<keyof ErrorBody, unknown>>;
  if (typeof code !== 'string' || !Object.hasOwn(codes, code))
    return new JockerError('internal', typeof message === 'string' ? message : otherwise);
  return new JockerError(code as ErrorCode, typeof message === 'string' ? message : otherwise, {
    details: typeof details === 'object' && details !== null ? (details as Record<string, unknown>) : {},
  });
}

/** What is sent of an error; one that is not the engine's is `internal`. */
export function bodyOfError(error: unknown): ErrorBody {
  if (isJockerError(error)) return { code: error.code, message: error.message, details: error.details };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error), details: {} };
}
