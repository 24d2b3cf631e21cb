import { JockerError } from '@jocker/protocol';

const factors: Readonly<Record<string, number>> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `64m`, `1.5g`, `1024`: bytes, in powers of 1024 as docker reads them. */
export function parseSize(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text);
  const factor = factors[match?.[2]?.toLowerCase() ?? ''];
  if (match?.[1] === undefined || factor === undefined)
    throw new JockerError('invalid-argument', `${flag} ${text} is not a size such as 64m`);
  return Math.floor(Number(match[1]) * factor);
}
