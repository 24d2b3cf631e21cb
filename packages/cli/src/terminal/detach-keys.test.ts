import { expect, test } from 'vitest';
import { createDetachScanner, parseDetachKeys } from './detach-keys.ts';

const keys = parseDetachKeys('ctrl-p,ctrl-q');
const scan = (...reads: readonly string[]): readonly (readonly [string, boolean])[] => {
  const scanner = createDetachScanner(keys);
  return reads.map((read) => {
    const { forward, detached } = scanner(Buffer.from(read));
    return [Buffer.from(forward).toString(), detached];
  });
};

test('keys are control keys or letters', () => {
  expect(keys).toEqual([0x10, 0x11]);
  expect(parseDetachKeys('ctrl-],q')).toEqual([0x1d, 0x71]);
  expect(() => parseDetachKeys('ctrl-1')).toThrow('ctrl-1');
});

test('the sequence detaches, in one read or in two, and is not sent', () => {
  expect(scan('ab\x10\x11')).toEqual([['ab', true]]);
  expect(scan('a\x10', '\x11')).toEqual([
    ['a', false],
    ['', true],
  ]);
});

test('what only began like it is sent after all', () => {
  expect(scan('\x10', 'x')).toEqual([
    ['', false],
    ['\x10x', false],
  ]);
  expect(scan('\x10\x10\x11')).toEqual([['\x10', true]]);
});
