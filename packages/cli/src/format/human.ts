/** `7.05MB`: thousands, three digits, as docker prints sizes of images. */
export function decimalSize(bytes: number): string {
  return scaled(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], (value) => String(Number(value.toPrecision(3))));
}

/** `1.5MiB`: as docker prints memory. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], (value) => String(Number(value.toPrecision(4))));
}

function scaled(bytes: number, base: number, units: readonly string[], text: (value: number) => string): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  return `${text(value)}${units[unit]}`;
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** `About a minute`, `3 hours`: in docker's words. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < minute) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / minute);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(seconds / hour);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  const days = Math.floor(seconds / day);
  if (days < 14) return `${days} days`;
  if (days < 60) return `${Math.floor(days / 7)} weeks`;
  if (days < 730) return `${Math.floor(days / 30)} months`;
  return `${Math.floor(days / 365)} years`;
}

export const ago = (time: string, now: number = Date.now()): string => `${humanDuration(now - Date.parse(time))} ago`;

/** Twelve digits, without the algorithm of a digest. */
export const shortId = (id: string): string => id.replace(/^sha(?:256|512):/, '').slice(0, 12);

export const truncated = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
