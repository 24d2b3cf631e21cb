import { JockerError } from '@jocker/protocol';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A date, seconds since 1970, or a time ago (`10m`, `1h30m`). */
export function parseTime(flag: string, text: string, now: number = Date.now()): Date {
  if (/^\d+(?:\.\d+)?$/.test(text)) return new Date(Number(text) * 1000);
  if (/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) {
    let ago = 0;
    for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) ago += Number(amount) * (unitMs[unit] ?? 0);
    return new Date(now - ago);
  }
  const date = new Date(text);
  if (Number.isNaN(date.getTime()))
    throw new JockerError('invalid-argument', `${flag} ${text} is not a date, a number of seconds or a time such as 10m`);
  return date;
}
