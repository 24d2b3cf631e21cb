import { isJockerError, reasonOf } from '@jocker/core';
import { statusOf } from '../http/status-of.ts';

/** Docker's status for an error; where its clients look for a status, that one counts. */
export function dockerStatusOf(error: unknown): number {
  switch (reasonOf(error)) {
    case 'not-modified':
      return 304;
    case 'command-not-found':
    case 'command-not-executable':
      return 400;
    case 'predefined':
    case 'already-connected':
    case 'not-connected':
      return 403;
    default:
  }
  if (isJockerError(error, 'resource-exhausted')) return 413;
  if (isJockerError(error, 'unavailable') || isJockerError(error, 'data-loss') || isJockerError(error, 'cancelled')) return 500;
  if (isJockerError(error, 'unauthenticated')) return 401;
  return statusOf(error);
}

/**
 * Docker's clients tell 126 and 127 from 125 by words in the message (cli/command/container/run.go), and testcontainers an image
 * that is missing by its own.
 */
export function dockerMessageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  switch (reasonOf(error)) {
    case 'command-not-found':
      return message.includes('executable file not found') ? message : `${message}: executable file not found in $PATH`;
    case 'command-not-executable':
      return message.includes('permission denied') ? message : `${message}: permission denied`;
    case 'no-such-container':
      return named('No such container', error, message);
    case 'no-such-image':
      return named('No such image', error, message);
    case 'no-such-exec':
      return named('No such exec instance', error, message);
    case 'no-such-network':
      return message.startsWith('there is no network') && isJockerError(error)
        ? `network ${String(error.details['reference'])} not found`
        : message;
    case 'name-in-use':
      return nameInUse(error, message);
    default:
      return message;
  }
}

function nameInUse(error: unknown, message: string): string {
  const { name, containerId } = isJockerError(error) ? error.details : {};
  if (typeof name !== 'string' || typeof containerId !== 'string') return message;
  return `Conflict. The container name "/${name}" is already in use by container "${containerId}". You have to remove (or rename) that container to be able to reuse that name.`;
}

function named(what: string, error: unknown, message: string): string {
  const reference = isJockerError(error) ? error.details['reference'] : undefined;
  return typeof reference === 'string' ? `${what}: ${reference}` : message;
}
