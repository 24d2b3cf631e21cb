import { isJockerError, JockerError } from '../errors/jocker-error.ts';

/** What a driver or the system threw, as the engine's callers get it. What the kernel said stays readable in the details. */
export function asJockerError(error: unknown): JockerError {
  if (isJockerError(error)) return error;
  if (!(error instanceof Error)) return new JockerError('internal', String(error));
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  const details = {
    ...(code === undefined ? {} : { errno: code }),
    ...(syscall === undefined ? {} : { syscall }),
    ...(path === undefined ? {} : { path }),
  };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new JockerError('resource-exhausted', `no space left on the device${path === undefined ? '' : ` for ${path}`}`, {
      cause: error,
      details,
    });
  }
  return new JockerError('internal', error.message, { cause: error, details });
}
