import { expect, test } from 'vitest';
import { signalNumber } from './signal-number.ts';

test.each([
  ['SIGTERM', 15],
  ['term', 15],
  [' KILL ', 9],
  ['9', 9],
  [1, 1],
  ['SIGRTMIN', 34],
  ['RTMIN+3', 37],
  ['SIGRTMAX-1', 63],
] as const)('%j is signal %i', (signal, number) => {
  expect(signalNumber(signal)).toBe(number);
});

test.each(['', 'SIG', 'NOPE', '0', '65', -1, 1.5, 'RTMIN-1', 'RTMAX+1', '9x', 'toString'])('%j is no signal', (signal) => {
  expect(() => signalNumber(signal)).toThrow(`there is no signal ${signal}`);
});
