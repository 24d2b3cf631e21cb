import { JockerError } from '@jocker/protocol';

/** A whole number, for a flag that is named in the error. */
export function parseWhole(flag: string, text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new JockerError('invalid-argument', `${flag} ${text} is not a whole number`);
  return Number(text);
}

/** `0.5` CPUs, in billionths. */
export function parseCpus(flag: string, text: string): number {
  if (!/^\d+(?:\.\d+)?$/.test(text) || Number(text) === 0) {
    throw new JockerError('invalid-argument', `${flag} ${text} is not a number of CPUs such as 0.5`);
  }
  return Math.round(Number(text) * 1e9);
}
