import { JockerError } from '../errors/jocker-error.ts';

const nanosecondsPerSecond = 1_000_000_000n;
/** What utimensat takes as nanoseconds in 64 bits: years 1677 to 2262. Times outside are moved to the border. */
const longestNs = (1n << 63n) - 1n;

function clamp(nanoseconds: bigint): bigint {
  if (nanoseconds > longestNs) return longestNs;
  return nanoseconds < -longestNs ? -longestNs : nanoseconds;
}

/** GNU's base-256: two's complement, big-endian, with the top bit set as its mark. */
function readBase256(block: Buffer, offset: number, length: number): bigint {
  let value = BigInt((block[offset] ?? 0) & 0x7f);
  for (let i = offset + 1; i < offset + length; i++) value = (value << 8n) | BigInt(block[i] ?? 0);
  const bits = BigInt(length * 8 - 1);
  return BigInt.asIntN(Number(bits), value);
}

/** A number of a header: octal text with leading spaces, or base-256. */
export function readNumber(block: Buffer, offset: number, length: number, field: string): number {
  if ((block[offset] ?? 0) & 0x80) {
    const value = Number(readBase256(block, offset, length));
    if (Number.isSafeInteger(value)) return value;
    throw new JockerError('data-loss', `a tar header has the impossible ${field} ${value}`);
  }
  let value = 0;
  let digits = false;
  for (let i = offset; i < offset + length; i++) {
    const byte = block[i] ?? 0;
    if (byte >= 0x30 && byte <= 0x37) {
      value = value * 8 + byte - 0x30;
      digits = true;
    } else if (byte === 0 || (byte === 0x20 && digits)) {
      break;
    } else if (byte !== 0x20) {
      throw new JockerError('data-loss', `a tar header has a ${field} that is not a number`);
    }
  }
  return value;
}

export function readTime(block: Buffer, offset: number, length: number): bigint {
  if ((block[offset] ?? 0) & 0x80) return clamp(readBase256(block, offset, length) * nanosecondsPerSecond);
  return BigInt(readNumber(block, offset, length, 'mtime')) * nanosecondsPerSecond;
}

/** PAX: decimal seconds with any number of decimals, exact to the nanosecond; below zero too. */
export function parsePaxTime(text: string): bigint {
  const match = /^(-?)(\d{1,20})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw new JockerError('data-loss', `a PAX header has the time ${JSON.stringify(text.slice(0, 40))}`);
  const nanoseconds = BigInt(match[2] ?? '0') * nanosecondsPerSecond + BigInt((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  return clamp(match[1] === '-' ? -nanoseconds : nanoseconds);
}

export function formatPaxTime(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : '';
  const absolute = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const decimals = String(absolute % nanosecondsPerSecond)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${sign}${absolute / nanosecondsPerSecond}${decimals === '' ? '' : `.${decimals}`}`;
}

export function parsePaxInteger(text: string, field: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new JockerError('data-loss', `a PAX header has the ${field} ${JSON.stringify(text.slice(0, 40))}`);
}
