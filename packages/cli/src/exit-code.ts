import { isJockerError, reasonOf } from '@jocker/protocol';

/** docker's: 127 for a program that is not there, 126 for one that cannot be run, else the command's own for a failure. */
export function exitCodeOf(error: unknown, failureCode: number): number {
  const reason = reasonOf(error);
  if (reason === 'command-not-found') return 127;
  if (reason === 'command-not-executable') return 126;
  if (isJockerError(error, 'cancelled')) return 130;
  return failureCode;
}
