import { expect, test } from 'vitest';
import { matchesLabel, parseFilters } from './filters.ts';

test('filters come as sets or as lists', () => {
  const filters = parseFilters('{"name":{"web":true,"off":false},"id":["a","b"]}', ['name', 'id']);
  expect(filters.get('name')).toEqual(['web']);
  expect(filters.get('id')).toEqual(['a', 'b']);
});

test('an absent filter suits everything', () => {
  const filters = parseFilters(undefined, ['name']);
  expect([filters.has('name'), filters.any('name', () => false), filters.all('name', () => false)]).toEqual([false, true, true]);
});

test('one value of a filter is enough for any, and all are needed for all', () => {
  const filters = parseFilters('{"name":["a","b"]}', ['name']);
  expect(filters.any('name', (value) => value === 'b')).toBe(true);
  expect(filters.all('name', (value) => value === 'b')).toBe(false);
});

test.each(['{', '[]', '1', '{"other":["a"]}', '{"name":[1]}', '{"name":"a"}', 'null'])('%s is refused', (text) => {
  expect(() => parseFilters(text, ['name'])).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});

test('a flag is true, false, absent or refused', () => {
  const flag = (value: string): boolean | undefined => parseFilters(`{"dangling":["${value}"]}`, ['dangling']).flag('dangling');
  expect([flag('1'), flag('true'), flag('false'), flag('0')]).toEqual([true, true, false, false]);
  expect(parseFilters('{}', ['dangling']).flag('dangling')).toBeUndefined();
  expect(() => flag('maybe')).toThrow("invalid filter 'dangling=maybe'");
});

test('a label is wanted by its key or by key and value', () => {
  const labels = { a: '1', b: '' };
  expect(['a', 'a=1', 'b=', 'a=2', 'c', 'toString'].map((wanted) => matchesLabel(labels, wanted))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
