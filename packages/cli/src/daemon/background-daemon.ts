import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createJockerClient } from '@jocker/client';
import { isJockerError, JockerError, type Handshake } from '@jocker/protocol';
import type { DaemonSettings } from './daemon-settings.ts';
import { pidFileOf, runningDaemon } from './pid-file.ts';

const startTimeoutMs = 60_000;
const stopTimeoutMs = 60_000;
const pollMs = 50;

export const logFileOf = (runRoot: string): string => `${runRoot}/daemon.log`;

/** The daemon on a socket; undefined when none answers. */
export async function askDaemon(socketPath: string): Promise<Handshake | undefined> {
  using client = createJockerClient({ socketPath, client: 'cli' });
  try {
    return await client.system.handshake({ signal: AbortSignal.timeout(5_000) });
  } catch (error) {
    if (isJockerError(error, 'unavailable') || isJockerError(error, 'cancelled')) return undefined;
    throw error;
  }
}

/** Starts a daemon that outlives this program, and waits until it answers. */
export async function startDaemon(settings: DaemonSettings, serveArguments: readonly string[]): Promise<Handshake> {
  const logFile = logFileOf(settings.runRoot);
  await mkdir(settings.runRoot, { recursive: true, mode: 0o711 });
  await using log = await open(logFile, 'w', 0o640);
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, 'serve', ...serveArguments], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    cwd: '/',
  });
  const ended = new AbortController();
  child.once('exit', () => ended.abort()).once('error', () => ended.abort());
  child.unref();
  for (const giveUp = Date.now() + startTimeoutMs; Date.now() < giveUp && !ended.signal.aborted;) {
    const answer = await askDaemon(settings.socket);
    if (answer !== undefined && !ended.signal.aborted) return answer;
    await sleep(pollMs, undefined, { signal: ended.signal }).catch(() => undefined);
  }
  throw new JockerError('unavailable', await failureIn(logFile));
}

/** The daemon's last words, which say best why it did not start. */
async function failureIn(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n');
  const said = lines.findLast((line) => line.startsWith('jocker: '))?.slice('jocker: '.length);
  return said ?? `the daemon did not start; see ${logFile}`;
}

/** Ends the daemon of a run root; false when none runs. Its containers go on. */
export async function stopDaemon(runRoot: string): Promise<boolean> {
  const path = pidFileOf(runRoot);
  const daemon = await runningDaemon(path);
  if (daemon === undefined) return false;
  process.kill(daemon.pid, 'SIGTERM');
  for (const giveUp = Date.now() + stopTimeoutMs; Date.now() < giveUp; await sleep(pollMs)) {
    if ((await runningDaemon(path))?.pid !== daemon.pid) return true;
  }
  throw new JockerError('deadline-exceeded', `the daemon (process ${daemon.pid}) has not ended after ${stopTimeoutMs / 1000} seconds`);
}
