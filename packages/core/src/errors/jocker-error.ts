/** What went wrong, as a caller should act on it. HTTP status, exit codes and UI text are derived elsewhere. */
export type ErrorCode =
  | 'invalid-argument'
  | 'not-found'
  | 'already-exists'
  | 'failed-precondition'
  | 'permission-denied'
  | 'unauthenticated'
  | 'unavailable'
  | 'unsupported'
  | 'resource-exhausted'
  | 'deadline-exceeded'
  | 'data-loss'
  | 'cancelled'
  | 'internal';

/** Well-known `details.reason` values, for the few places where a caller needs more than the code. */
export type ErrorReason =
  | 'not-modified' /** the object is already in the state asked for (start of a running container) */
  | 'command-not-found' /** exit code 127 */
  | 'command-not-executable' /** exit code 126 */
  | 'no-such-image'
  | 'no-such-container'
  | 'no-such-exec'
  | 'no-such-network'
  | 'predefined' /** the network belongs to the engine */
  | 'already-connected'
  | 'not-connected'
  | 'not-running'
  | 'in-use'
  | 'name-in-use';

/**
 * The only error that the engine throws on purpose. The message is one sentence in lower case, without a full stop,
 * with the thing in it; the original error is the `cause`.
 */
export class JockerError extends Error {
  override readonly name = 'JockerError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** By name, not `instanceof`: two bundled copies of core must still recognise each other's errors. */
export function isJockerError(error: unknown, code?: ErrorCode): error is JockerError {
  return error instanceof Error && error.name === 'JockerError' && (code === undefined || (error as JockerError).code === code);
}

/** The `details.reason` of an error, when it has one. */
export function reasonOf(error: unknown): ErrorReason | undefined {
  return isJockerError(error) ? (error.details['reason'] as ErrorReason | undefined) : undefined;
}
