import { expect, test } from 'vitest';
import { logLimitsOf } from './log-limits.ts';

const engine = { limitBytes: 64, keep: 3 };
const of = (options: Readonly<Record<string, string>>, driver = 'json-file'): object => logLimitsOf({ driver, options }, engine);

test.each([
  [{}, engine],
  [{ 'max-size': '10m' }, { limitBytes: 10_000_000, keep: 1 }],
  [
    { 'max-size': '1.5KiB', 'max-file': '4' },
    { limitBytes: 1_500, keep: 4 },
  ],
  [{ 'max-file': '7' }, { limitBytes: 64, keep: 7 }],
])('the options %j bound a log, with sizes in powers of 1000', (options, limits) => {
  expect(of(options)).toEqual(limits);
});

test.each([
  [{ 'max-size': '0' }, 'max-size=0 is not a size'],
  [{ 'max-size': '-1' }, 'max-size=-1 is not a size'],
  [{ 'max-size': 'big' }, 'max-size=big is not a size'],
  [{ 'max-file': '0' }, 'max-file=0 is not a number of files'],
  [{ 'max-file': 'x' }, 'max-file=x is not a number of files'],
  [{ labels: 'a' }, "unknown log opt 'labels' for json-file log driver"],
])('the options %j are refused with a sentence', (options, sentence) => {
  expect(() => of(options)).toThrow(sentence);
});

test('a driver that there is not is refused, and none takes any option', () => {
  expect(() => of({}, 'syslog')).toThrow('there is no log driver syslog; there are json-file, local and none');
  expect(of({ labels: 'a' }, 'none')).toEqual(engine);
});
