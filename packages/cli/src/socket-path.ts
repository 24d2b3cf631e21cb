import { JockerError } from '@jocker/protocol';

export const defaultSocketPath = '/run/jocker/jocker.sock';
export const defaultDataRoot = '/var/lib/jocker';
export const defaultRunRoot = '/run/jocker';

/** The socket in `unix:///path`. */
export function socketPathOf(host: string | undefined): string {
  if (host === undefined || host === '') return defaultSocketPath;
  const path = /^unix:\/\/(\/.+)$/.exec(host)?.[1];
  if (path === undefined) throw new JockerError('invalid-argument', `the host ${host} is not of the form unix:///path/to.sock`);
  return path;
}
