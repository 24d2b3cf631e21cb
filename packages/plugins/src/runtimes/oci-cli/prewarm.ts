import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { native } from '@jocker/native';
import { childEnd, type ChildEnd } from './child-end.ts';
import { commandEnvironment } from './run-command.ts';

/**
 * The first migration of a process into a cgroup waits for an RCU grace period of 13–18 ms; those within the next 20 ms do
 * not. Moving a helper when a create arrives makes that wait overlap with the work before the runtime is called.
 */
export interface Prewarmer {
  warm(): void;
  close(): Promise<void>;
}

/** A move this recent is still of use. */
const effectiveMs = 10;

export function createPrewarmer(cgroup: string): Prewarmer {
  const scratch = [`${cgroup}/warm-a`, `${cgroup}/warm-b`];
  let helper: { readonly pid: number; readonly input: ChildEnd; readonly ended: Promise<unknown> } | undefined;
  let turn = 0;
  let lastMs = 0;
  let running: Promise<void> | undefined;
  let closed = false;

  /** It reads a pipe that nobody writes and so ends with this process, however that ends. */
  const startHelper = (): NonNullable<typeof helper> => {
    const [read, write] = native().pipe();
    const readEnd = childEnd(read);
    const input = childEnd(write);
    try {
      const child = native().spawn({ file: '/bin/cat', args: ['cat'], env: commandEnvironment, descriptors: [readEnd.fd, 'null', 'null'] });
      return { pid: child.pid, input, ended: child.exited };
    } catch (error) {
      input.close();
      throw error;
    } finally {
      readEnd.close();
    }
  };
  const move = async (): Promise<void> => {
    if (helper === undefined) {
      await Promise.all(scratch.map((path) => mkdir(path, { recursive: true })));
      helper = startHelper();
    }
    turn = 1 - turn;
    await writeFile(`${scratch[turn] ?? ''}/cgroup.procs`, String(helper.pid));
    lastMs = performance.now();
  };

  return {
    warm() {
      if (closed || running !== undefined || performance.now() - lastMs < effectiveMs) return;
      // A start is only slower without it.
      running = move()
        .catch(() => undefined)
        .finally(() => (running = undefined));
    },
    async close() {
      closed = true;
      await running;
      helper?.input.close();
      await helper?.ended;
      for (const path of [...scratch, cgroup]) await rmdir(path).catch(() => undefined);
    },
  };
}
