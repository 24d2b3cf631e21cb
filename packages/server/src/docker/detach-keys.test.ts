import { expect, test } from 'vitest';
import { parseDetachKeys } from './detach-keys.ts';

test.each([
  [undefined, [16, 17]],
  ['ctrl-p,ctrl-q', [16, 17]],
  ['a', [97]],
  ['ctrl-@,ctrl-[,ctrl-_', [0, 27, 31]],
  ['ctrl-a,b', [1, 98]],
])('%s is %j', (text, bytes) => {
  expect([...parseDetachKeys(text)]).toEqual(bytes);
});

test.each(['ctrl-', 'ctrl-A', 'ctrl-1', 'ab', '', 'a,', 'é'])('"%s" is refused', (text) => {
  expect(() => parseDetachKeys(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});
