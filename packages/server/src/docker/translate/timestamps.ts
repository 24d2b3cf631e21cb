import { JockerError } from '@jocker/core';

/** Docker writes this for what has not happened. */
export const zeroTime = '0001-01-01T00:00:00Z';

export const unixSeconds = (time: string): number => Math.floor(Date.parse(time) / 1000);

/** Unix seconds with or without a fraction, or RFC 3339. `0` and absent mean: no bound. Throws `invalid-argument`. */
export function parseTimestamp(text: string | undefined, name: string): Date | undefined {
  if (text === undefined || text === '0') return undefined;
  const milliseconds = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) throw new JockerError('invalid-argument', `${name} is not a time: "${text.slice(0, 60)}"`);
  return date;
}
