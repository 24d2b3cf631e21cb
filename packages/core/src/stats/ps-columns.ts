import { totalmem } from 'node:os';
import type { ProcessRow } from './process-table.ts';

export interface PsColumn {
  readonly title: string;
  value(row: ProcessRow, host: PsHost): string;
}

interface PsHost {
  userName(uid: number): string;
  groupName(gid: number): string;
  readonly nowMs: number;
}

const column = (title: string, value: PsColumn['value']): PsColumn => ({ title, value });
const pad = (value: number): string => String(Math.trunc(value)).padStart(2, '0');

const user: PsColumn['value'] = (row, host) => host.userName(row.uid);
const group: PsColumn['value'] = (row, host) => host.groupName(row.gid);
const commandLine: PsColumn['value'] = (row) => row.commandLine;
const command: PsColumn['value'] = (row) => row.command;
const cpuShare = (row: ProcessRow): number => (row.elapsedSeconds > 0 ? (row.cpuSeconds / row.elapsedSeconds) * 100 : 0);

/** `[DD-]HH:MM:SS` */
function duration(seconds: number, shortest = false): string {
  const days = Math.trunc(seconds / 86_400);
  const hours = Math.trunc((seconds % 86_400) / 3600);
  const rest = `${pad((seconds % 3600) / 60)}:${pad(seconds % 60)}`;
  if (days > 0) return `${days}-${pad(hours)}:${rest}`;
  return shortest && hours === 0 ? rest : `${pad(hours)}:${rest}`;
}

/** Minutes and seconds, however many. */
function bsdDuration(seconds: number): string {
  return `${Math.trunc(seconds / 60)}:${pad(seconds % 60)}`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The time of day for what began within a day, else the date. */
function startTime(row: ProcessRow, host: PsHost): string {
  const start = new Date(row.startedAt * 1000);
  if (host.nowMs - start.getTime() < 86_400_000) return `${pad(start.getHours())}:${pad(start.getMinutes())}`;
  return `${months[start.getMonth()] ?? ''}${pad(start.getDate())}`;
}

function longStart(row: ProcessRow): string {
  const start = new Date(row.startedAt * 1000);
  const time = [start.getHours(), start.getMinutes(), start.getSeconds()].map(pad).join(':');
  return `${weekdays[start.getDay()] ?? ''} ${months[start.getMonth()] ?? ''} ${String(start.getDate()).padStart(2)} ${time} ${start.getFullYear()}`;
}

function terminalName({ terminal }: ProcessRow): string {
  const major = (terminal >> 8) & 0xfff;
  const minor = (terminal & 0xff) | ((terminal >> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  return major === 5 && minor === 1 ? 'console' : '?';
}

function longState(row: ProcessRow): string {
  const nice = row.nice < 0 ? '<' : row.nice > 0 ? 'N' : '';
  const leader = row.session === row.pid ? 's' : '';
  const threads = row.threads > 1 ? 'l' : '';
  const foreground = row.terminalGroup === row.processGroup && row.terminal !== 0 ? '+' : '';
  return row.state + nice + leader + threads + foreground;
}

const memoryShare: PsColumn['value'] = (row) => ((row.residentKib * 102_400) / totalmem()).toFixed(1);
const cpu: PsColumn['value'] = (row) => cpuShare(row).toFixed(1);
const time: PsColumn['value'] = (row) => duration(row.cpuSeconds);
const virtual: PsColumn['value'] = (row) => String(row.virtualKib);
const resident: PsColumn['value'] = (row) => String(row.residentKib);
const nice: PsColumn['value'] = (row) => String(row.nice);
const threads: PsColumn['value'] = (row) => String(row.threads);

/** By the name that `-o` takes. */
export const psColumns: Readonly<Record<string, PsColumn>> = {
  '%cpu': column('%CPU', cpu),
  '%mem': column('%MEM', memoryShare),
  args: column('COMMAND', commandLine),
  c: column('C', (row) => String(Math.trunc(cpuShare(row)))),
  cmd: column('CMD', commandLine),
  comm: column('COMMAND', command),
  command: column('COMMAND', commandLine),
  cputime: column('TIME', time),
  egid: column('EGID', (row) => String(row.gid)),
  egroup: column('EGROUP', group),
  etime: column('ELAPSED', (row) => duration(row.elapsedSeconds, true)),
  etimes: column('ELAPSED', (row) => String(Math.trunc(row.elapsedSeconds))),
  euid: column('EUID', (row) => String(row.uid)),
  euser: column('EUSER', user),
  gid: column('GID', (row) => String(row.gid)),
  group: column('GROUP', group),
  lstart: column('STARTED', longStart),
  ni: column('NI', nice),
  nice: column('NI', nice),
  nlwp: column('NLWP', threads),
  pcpu: column('%CPU', cpu),
  pgid: column('PGID', (row) => String(row.processGroup)),
  pgrp: column('PGRP', (row) => String(row.processGroup)),
  pid: column('PID', (row) => String(row.pid)),
  pmem: column('%MEM', memoryShare),
  ppid: column('PPID', (row) => String(row.parentPid)),
  pri: column('PRI', (row) => String(39 - row.priority)),
  psr: column('PSR', (row) => String(row.processor)),
  rss: column('RSS', resident),
  rssize: column('RSS', resident),
  s: column('S', (row) => row.state),
  sess: column('SESS', (row) => String(row.session)),
  sid: column('SID', (row) => String(row.session)),
  start: column('STARTED', startTime),
  start_time: column('START', startTime),
  stat: column('STAT', longState),
  state: column('S', (row) => row.state),
  stime: column('STIME', startTime),
  thcount: column('THCNT', threads),
  time: column('TIME', time),
  tname: column('TTY', terminalName),
  tt: column('TT', terminalName),
  tty: column('TT', terminalName),
  ucmd: column('CMD', command),
  uid: column('UID', (row) => String(row.uid)),
  user: column('USER', user),
  vsize: column('VSZ', virtual),
  vsz: column('VSZ', virtual),
};

const named = (...names: readonly string[]): PsColumn[] => names.map((name) => psColumns[name]).filter((found) => found !== undefined);

export const plainFormat: readonly PsColumn[] = [...named('pid', 'tname', 'time'), column('CMD', command)];
export const fullFormat: readonly PsColumn[] = [column('UID', user), ...named('pid', 'ppid', 'c', 'stime', 'tname', 'time', 'cmd')];
export const userFormat: readonly PsColumn[] = [
  ...named('user', 'pid', '%cpu', '%mem', 'vsz', 'rss', 'tname', 'stat', 'start_time'),
  column('TIME', (row) => bsdDuration(row.cpuSeconds)),
  ...named('args'),
];
export const longFormat: readonly PsColumn[] = named('s', 'uid', 'pid', 'ppid', 'c', 'pri', 'ni', 'vsz', 'tname', 'time', 'ucmd');
