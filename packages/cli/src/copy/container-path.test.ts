import { expect, test } from 'vitest';
import { withRoot } from './container-path.ts';

test.each([
  ['tree', 'tree', 'new', 'new'],
  ['tree/', 'tree', 'new', 'new'],
  ['tree/a/b', 'tree', 'new', 'new/a/b'],
  ['./tree/a', 'tree', 'new', 'new/a'],
  ['tree/tree', 'tree', '', 'tree'],
  ['tree', 'tree', '', '.'],
  ['treetop', 'tree', 'new', 'new/treetop'],
  ['./etc/passwd', '', 'root', 'root/etc/passwd'],
  ['./', '', 'root', 'root'],
])('the entry %s of %j becomes, under %j, %s', (path, base, root, expected) => {
  expect(withRoot(path, base, root)).toBe(expected);
});
