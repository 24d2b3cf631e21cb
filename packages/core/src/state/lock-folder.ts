import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { native } from '@jocker/native';
import { JockerError } from '../errors/jocker-error.ts';

/** Keeps other engines out of a folder until it is disposed of or this process ends, however it ends. */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  const lock = await open(join(folder, 'lock'), 'a', 0o600);
  if (native().tryLock(lock.fd)) return { [Symbol.asyncDispose]: () => lock.close() };
  await lock.close();
  throw new JockerError('failed-precondition', `another engine runs on ${folder}`, { details: { folder } });
}
