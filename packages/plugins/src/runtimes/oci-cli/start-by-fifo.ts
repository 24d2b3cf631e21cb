import { constants } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What `crun start` does, without a process: the waiting init reads one byte; that the file is gone means "started". */
export async function startByFifo(stateDirectory: string): Promise<void> {
  const path = join(stateDirectory, 'exec.fifo');
  await using fifo = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
  await unlink(path);
  await fifo.write('x');
}
