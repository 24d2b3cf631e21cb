import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { native } from '@jocker/native';
import { JockerError } from '../errors/jocker-error.ts';

const retryMs = 50;
/** A child that a killed engine was just starting has the lock until it executes its program. */
const patienceMs = 1_000;

/** Keeps other engines out of a folder until it is disposed of or this process ends, however it ends. */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  const lock = await open(join(folder, 'lock'), 'a', 0o600);
  for (const deadline = Date.now() + patienceMs; ; await delay(retryMs)) {
    if (native().tryLock(lock.fd)) return { [Symbol.asyncDispose]: () => lock.close() };
    if (Date.now() > deadline) break;
  }
  await lock.close();
  throw new JockerError('failed-precondition', `another engine runs on ${folder}`, { details: { folder } });
}
