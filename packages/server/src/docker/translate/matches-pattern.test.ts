import { expect, test } from 'vitest';
import { matchesPattern } from './matches-pattern.ts';

test.each([
  ['alpine:3.22', 'alpine:3.22'],
  ['alpine:3.22', 'alpine*'],
  ['alpine:3.22', '*:3.??'],
  ['alpine:3.22', 'al*p*ne:*'],
  ['127.0.0.1:5000/a/b:1', '*/a/b:1'],
  ['127.0.0.1:5000/a/b:1', '127.0.0.1:5000/*/*'],
  ['busybox', '[a-c]usybo[^y]'],
  ['star*', 'star\\*'],
  ['', '*'],
])('%s is matched by %s', (text, pattern) => {
  expect(matchesPattern(text, pattern)).toBe(true);
});

test.each([
  ['alpine:3.22', 'alpine'],
  ['alpine:3.22', '*:4*'],
  ['a/b', '*'],
  ['a', 'a/*'],
  ['alpine', '.lpine'],
  ['alpine', '[^a]lpine'],
  ['alpine', '['],
  ['starry', 'star\\*'],
])('%s is not matched by %s', (text, pattern) => {
  expect(matchesPattern(text, pattern)).toBe(false);
});

test('a pattern of many stars is answered', () => {
  expect(matchesPattern('a'.repeat(2000), `${'*a'.repeat(500)}b`)).toBe(false);
});
