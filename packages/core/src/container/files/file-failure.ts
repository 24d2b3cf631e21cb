import { isJockerError, JockerError, type ErrorCode } from '../../errors/jocker-error.ts';
import { showPath } from '../../layer/byte-path.ts';

const failures: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ['not-found', 'there is no such file'],
  ENOTDIR: ['invalid-argument', 'it is not a directory'],
  EISDIR: ['invalid-argument', 'it is a directory'],
  ELOOP: ['invalid-argument', 'it has too many symlinks or leads through a link of /proc'],
  ENAMETOOLONG: ['invalid-argument', 'the name is too long'],
  EINVAL: ['invalid-argument', 'the path cannot be used so'],
  EEXIST: ['already-exists', 'it is there already'],
  ENOTEMPTY: ['failed-precondition', 'the directory is not empty'],
  EBUSY: ['failed-precondition', 'something is mounted there'],
  EXDEV: ['failed-precondition', 'something is mounted there'],
  ETXTBSY: ['failed-precondition', 'it is a program that runs'],
  EACCES: ['permission-denied', 'the access is denied'],
  EPERM: ['permission-denied', 'the operation is not permitted'],
  EROFS: ['permission-denied', 'the file system is read-only'],
  ENOSPC: ['resource-exhausted', 'no space is left'],
  EDQUOT: ['resource-exhausted', 'no space is left'],
};

/** `path`: as bytes. */
export function fileFailure(error: unknown, path: string): JockerError {
  if (isJockerError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const [kind, sentence] = failures[code ?? ''] ?? ['internal', message];
  return new JockerError(kind, `${showPath(`/${path}`)}: ${sentence}`, { cause: error });
}

export function withFileFailure<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw fileFailure(error, path);
  }
}
