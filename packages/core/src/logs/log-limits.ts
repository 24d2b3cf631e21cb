import { JockerError } from '../errors/jocker-error.ts';

export interface LogLimits {
  readonly limitBytes: number;
  /** Files in all, the one that is written to among them. */
  readonly keep: number;
}

export interface LoggingRequest {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

const drivers = ['', 'json-file', 'local', 'none'];
const known = ['max-size', 'max-file'];
/** Docker reads these sizes in powers of 1000, other than those of memory. */
const factors: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 };

/**
 * What a request says about its log, over the engine's own limits. The driver `none` takes any option, as docker does. Throws
 * `invalid-argument` for a driver, an option or a value that there is not.
 */
export function logLimitsOf({ driver, options }: LoggingRequest, engine: LogLimits): LogLimits {
  if (!drivers.includes(driver)) throw invalid(`there is no log driver ${driver}; there are json-file, local and none`);
  if (driver === 'none') return engine;
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalid(`unknown log opt '${unknown}' for ${driver === '' ? 'json-file' : driver} log driver; there are ${known.join(' and ')}`);
  }
  const { 'max-size': size, 'max-file': files } = options;
  const keep = files === undefined ? undefined : parseFiles(files);
  if (size === undefined) return keep === undefined ? engine : { ...engine, keep };
  return { limitBytes: parseBytes(size), keep: keep ?? 1 };
}

function parseFiles(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw invalid(`log opt max-file=${text} is not a number of files from 1 to 9999`);
  return count;
}

function parseBytes(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (factors[unit.toLowerCase()] ?? 0));
  if (!Number.isSafeInteger(bytes) || bytes < 1) throw invalid(`log opt max-size=${text} is not a size such as 10m`);
  return bytes;
}

const invalid = (message: string): JockerError => new JockerError('invalid-argument', message);
