import { asString } from '@jocker/core';
import { expect, test } from 'vitest';
import { createFieldReader } from './field-reader.ts';

test('a field that is absent or null is not used', () => {
  const fields = createFieldReader({ a: null }, 'Config');
  fields.take('a', asString, () => expect.unreachable());
  fields.take('b', asString, () => expect.unreachable());
  expect(fields.finish()).toEqual([]);
});

test('an error names the path of the field', () => {
  expect(() => createFieldReader({ a: 1 }, 'Config').take('a', asString, () => undefined)).toThrow(/Config\.a/);
});

test('a field that nobody read is warned about, unless it says nothing', () => {
  const fields = createFieldReader({ read: 'x', empty: {}, zero: 0, no: false, none: null, list: [], odd: 'x', skipped: 1 }, 'Config');
  fields.take('read', asString, () => undefined);
  fields.ignore('skipped');
  expect(fields.finish()).toEqual(['Config.odd is not known here and has no effect']);
});

test('a refused field may be absent, empty or harmless', () => {
  const fields = createFieldReader({ a: '', b: 'host', c: 'x' }, 'Config');
  fields.refuse('a', 'no a');
  fields.refuse('b', 'no b', ['host']);
  expect(() => fields.refuse('c', 'no c', ['host'])).toThrow(expect.objectContaining({ code: 'unsupported', message: 'no c' }));
});
