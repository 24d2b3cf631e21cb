import { expect, test } from 'vitest';
import { parseTimestamp, unixSeconds } from './timestamps.ts';

test.each([
  ['1700000000', '2023-11-14T22:13:20.000Z'],
  ['1700000000.250000000', '2023-11-14T22:13:20.250Z'],
  ['2023-11-14T22:13:20Z', '2023-11-14T22:13:20.000Z'],
  ['2023-11-14T23:13:20.5+01:00', '2023-11-14T22:13:20.500Z'],
])('%s is a time', (text, expected) => {
  expect(parseTimestamp(text, 'since')?.toISOString()).toBe(expected);
});

test.each([[undefined], ['0']])('%s means no bound', (text) => {
  expect(parseTimestamp(text, 'since')).toBeUndefined();
});

test.each([['yesterday'], ['1e99'], ['999999999999999999'], ['12:00']])('%s is refused', (text) => {
  expect(() => parseTimestamp(text, 'since')).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});

test('seconds are whole ones', () => {
  expect(unixSeconds('2023-11-14T22:13:20.999Z')).toBe(1_700_000_000);
});
