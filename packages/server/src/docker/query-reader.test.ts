import { expect, test } from 'vitest';
import { createQueryReader } from './query-reader.ts';

const read = (query: string): ReturnType<typeof createQueryReader> => createQueryReader(`/x?${query}`);

test.each([
  ['a=1', true],
  ['a=true', true],
  ['a=True', true],
  ['a=anything', true],
  ['a=0', false],
  ['a=false', false],
  ['a=no', false],
  ['a=None', false],
  ['a=', false],
  ['', false],
])('"%s" makes a flag %s', (query, wanted) => {
  expect(read(query).flag('a')).toBe(wanted);
});

test('a flag that is absent has its fallback, one that is there has not', () => {
  expect([read('').flag('a', true), read('a=0').flag('a', true)]).toEqual([true, false]);
});

test('an empty value is an absent one', () => {
  expect([read('a=').text('a'), read('a=&a=b').texts('a'), createQueryReader('/x').text('a')]).toEqual([undefined, ['b'], undefined]);
});

test('a number is whole or refused', () => {
  expect([read('a=-10').number('a'), read('').number('a')]).toEqual([-10, undefined]);
  for (const wrong of ['1.5', 'x', '1e3', '0x10', '9'.repeat(20)])
    expect(() => read(`a=${wrong}`).number('a')).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});

test('values are decoded', () => {
  expect(read('a=%7B%22b%22%3A1%7D&c=d+e').text('a')).toBe('{"b":1}');
});
