import { expect, test } from 'vitest';
import { Composition, token } from './composition.ts';

const number = token<number>('number');
const text = token<string>('text');

test('a thing is made at first use and only once', () => {
  const root = new Composition();
  let made = 0;
  root.define(number, () => (made += 1));
  expect(made).toBe(0);
  expect([root.get(number), root.get(number), made]).toEqual([1, 1, 1]);
});

test('a thing of the root is built from the root, also when a child asks first', () => {
  const root = new Composition();
  root.define(text, () => 'root');
  root.define(number, (scope) => scope.get(text).length);
  const child = root.child();
  child.define(text, () => 'of the child');
  expect([child.get(number), root.get(number)]).toEqual([4, 4]);
});

test('two compositions share nothing', () => {
  const one = new Composition();
  one.define(number, () => 1);
  expect(() => new Composition().get(number)).toThrow();
});
