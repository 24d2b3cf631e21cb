import { execa } from 'execa';
import { JockerError } from '@jocker/core';

/**
 * The content of one folder into another that is empty: owners, modes, times, hard links, devices, xattrs, holes. Blocks are
 * shared where the file system can. `cp` is the host's, in the host's root.
 */
export async function copyTree(from: string, to: string, signal: AbortSignal): Promise<void> {
  try {
    await execa('cp', ['--archive', '--reflink=auto', '--', `${from}/.`, to], {
      cancelSignal: signal,
      extendEnv: false,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      stdin: 'ignore',
      stdout: 'ignore',
    });
  } catch (cause) {
    if (signal.aborted) throw new JockerError('cancelled', `copying ${from} was cancelled`, { cause });
    const message = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).split('\n', 1)[0] : String(cause);
    const full = message?.includes('No space left on device') === true;
    throw new JockerError(full ? 'resource-exhausted' : 'internal', `copying ${from} failed: ${message}`, { cause });
  }
}
