import { lstat, stat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { JockerError } from '@jocker/core';

/** `sun_path` of unix(7) has 108 bytes, the last one zero. */
const socketPathMaxBytes = 107;

/**
 * Listens on a unix socket that only root and the group may use (0660). A socket that nobody answers on is replaced; one
 * with a daemon behind it, another kind of file, and a directory in which others could swap the socket are refused.
 */
export async function listenOnSocket(server: Server, socketPath: string): Promise<void> {
  const length = Buffer.byteLength(socketPath);
  if (length > socketPathMaxBytes) {
    throw new JockerError(
      'invalid-argument',
      `the socket path ${socketPath} has ${length} bytes and the system allows ${socketPathMaxBytes}`,
    );
  }
  await refuseOpenDirectory(dirname(socketPath));
  await removeStaleSocket(socketPath);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Bound inside the call, so that the socket never has another mode than this one.
    const umask = process.umask(0o117);
    try {
      server.listen(socketPath, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(umask);
    }
  }).catch((error: unknown) => {
    throw new JockerError('unavailable', `cannot listen on ${socketPath}: ${(error as Error).message}`, { cause: error });
  });
}

async function refuseOpenDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new JockerError('failed-precondition', `the socket directory ${directory} is not there`);
  if ((found.mode & 0o002) !== 0) {
    throw new JockerError(
      'failed-precondition',
      `others may write in the socket directory ${directory}; choose one that only root can write`,
    );
  }
}

async function removeStaleSocket(socketPath: string): Promise<void> {
  const found = await lstat(socketPath).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new JockerError('failed-precondition', `${socketPath} is there and is not a socket`);
  if (await answers(socketPath)) throw new JockerError('already-exists', `a daemon already answers on ${socketPath}`);
  await unlink(socketPath);
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}
