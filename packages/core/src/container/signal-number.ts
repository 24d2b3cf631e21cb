import { constants } from 'node:os';
import { JockerError } from '../errors/jocker-error.ts';

/** Of glibc: the first two of the kernel's real-time signals belong to the threading library. */
const firstRealTime = 34;
const lastRealTime = 64;

/** The number of `SIGTERM`, `TERM`, `term`, `15`, 15, `SIGRTMIN+3`. Throws `invalid-argument`. */
export function signalNumber(signal: string | number): number {
  const text = String(signal).trim().toUpperCase();
  const number = /^\d+$/.test(text) ? Number(text) : byName(text.replace(/^SIG/, ''));
  if (number === undefined || number < 1 || number > lastRealTime)
    throw new JockerError('invalid-argument', `there is no signal ${signal}`);
  return number;
}

function byName(name: string): number | undefined {
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realTime !== null) {
    const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
    const number = (realTime[1] === 'MIN' ? firstRealTime : lastRealTime) + offset;
    return number >= firstRealTime ? number : undefined;
  }
  return (constants.signals as Readonly<Record<string, number>>)[`SIG${name}`];
}
