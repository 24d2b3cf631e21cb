import { readFile } from 'node:fs/promises';
import type { DatabaseSync } from 'node:sqlite';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { EventPayload } from '../events/lifecycle-events.ts';

/** The code of a process that nobody waited for. */
const unknownExitCode = 255;

/**
 * Ends the execs of an engine that was killed: their output has no reader any more. Each is told as exited, so that nobody
 * who follows events waits for it.
 */
export async function endLostExecs(database: DatabaseSync, publisher: EventPublisher): Promise<void> {
  const lost = database
    .prepare(
      `SELECT event, time FROM events WHERE name LIKE 'exec:%' AND name IN ('exec:started', 'exec:exited')
       GROUP BY json_extract(event, '$.execId') HAVING sum(name = 'exec:exited') = 0 ORDER BY min(seq)`,
    )
    .all();
  for (const { event, time } of lost) {
    // Only the engine writes this database.
    const { pid, ...subject } = JSON.parse(String(event)) as EventPayload<'exec:started'>;
    await killProcessOf(subject.containerId, pid);
    const now = new Date();
    publisher.publish('exec:exited', {
      ...subject,
      exitCode: unknownExitCode,
      durationMs: now.getTime() - Date.parse(String(time)),
      finishedAt: now.toISOString(),
    });
  }
}

/** A pid may be somebody else's by now; one whose cgroup carries the container's id is not. */
async function killProcessOf(containerId: string, pid: number): Promise<void> {
  const cgroups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  if (!cgroups.includes(containerId)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
