import { readFile } from 'node:fs/promises';

/** A process as /proc shows it. */
export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  readonly processGroup: number;
  readonly session: number;
  readonly terminalGroup: number;
  readonly terminal: number;
  readonly state: string;
  readonly uid: number;
  readonly gid: number;
  readonly cpuSeconds: number;
  /** Seconds since 1970. */
  readonly startedAt: number;
  readonly elapsedSeconds: number;
  readonly priority: number;
  readonly nice: number;
  readonly threads: number;
  readonly virtualKib: number;
  readonly residentKib: number;
  readonly processor: number;
  readonly command: string;
  readonly commandLine: string;
}

/** USER_HZ is 100 on every architecture. */
const ticksPerSecond = 100;

/** Those of `pids` that are still there. From the host's side: nothing of the container runs or is trusted. */
export async function readProcesses(pids: readonly number[]): Promise<ProcessRow[]> {
  const [stat, uptime] = await Promise.all([readFile('/proc/stat', 'utf8'), readFile('/proc/uptime', 'utf8')]);
  const bootedAt = Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0);
  const rows = await Promise.all(pids.map((pid) => readProcess(pid, bootedAt, Number.parseFloat(uptime))));
  return rows.filter((row) => row !== undefined).toSorted((left, right) => left.startedAt - right.startedAt || left.pid - right.pid);
}

async function readProcess(pid: number, bootedAt: number, uptime: number): Promise<ProcessRow | undefined> {
  const [stat, status, line] = await Promise.all(
    ['stat', 'status', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')),
  );
  // The name stands in parentheses and may contain any.
  const [, command, rest] = /^\d+ \((.*)\) (.*)$/s.exec(stat ?? '') ?? [];
  if (command === undefined || rest === undefined || status === undefined) return undefined;
  const field = rest.trim().split(' ');
  const number = (index: number): number => Number(field[index] ?? 0);
  const fromStatus = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const effective = (name: string): number => Number(new RegExp(`^${name}:\\s+\\d+\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const startedAfterBoot = number(19) / ticksPerSecond;
  return {
    pid,
    state: field[0] ?? '?',
    parentPid: number(1),
    processGroup: number(2),
    session: number(3),
    terminal: number(4),
    terminalGroup: number(5),
    cpuSeconds: (number(11) + number(12)) / ticksPerSecond,
    priority: number(15),
    nice: number(16),
    threads: number(17),
    processor: number(36),
    startedAt: bootedAt + startedAfterBoot,
    elapsedSeconds: Math.max(0, uptime - startedAfterBoot),
    uid: effective('Uid'),
    gid: effective('Gid'),
    virtualKib: fromStatus('VmSize'),
    residentKib: fromStatus('VmRSS'),
    command: printable(command),
    commandLine: line === undefined || line === '' ? `[${printable(command)}]` : printable(line.replace(/\0+$/, '').replaceAll('\0', ' ')),
  };
}

/** A process names itself as it likes; escape sequences must not reach a terminal. */
function printable(latin1: string): string {
  return Buffer.from(latin1, 'latin1')
    .toString('utf8')
    .replaceAll(/\p{Cc}/gu, '?');
}
