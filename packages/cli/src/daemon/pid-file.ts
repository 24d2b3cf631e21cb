import { readFile, rename, unlink, writeFile } from 'node:fs/promises';

export const pidFileOf = (runRoot: string): string => `${runRoot}/jocker.pid`;

/** Number of the process and the moment it started, in clock ticks since boot: the number alone is used again. */
export interface DaemonProcess {
  readonly pid: number;
  readonly startTicks: string;
}

export async function writePidFile(path: string): Promise<void> {
  const startTicks = await startTicksOf(process.pid);
  await writeFile(`${path}.new`, `${process.pid} ${startTicks ?? ''}\n`, { mode: 0o644 });
  await rename(`${path}.new`, path);
}

export async function removePidFile(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

/** The daemon that wrote the file, if it still runs. */
export async function runningDaemon(path: string): Promise<DaemonProcess | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [, pid, startTicks] = /^(\d+) (\d+)\n$/.exec(text) ?? [];
  if (pid === undefined || startTicks === undefined) return undefined;
  return (await startTicksOf(Number(pid))) === startTicks ? { pid: Number(pid), startTicks } : undefined;
}

/** Field 22 of /proc/PID/stat; the name before it may hold spaces and parentheses. Undefined for a process that is gone or a zombie. */
async function startTicksOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}
