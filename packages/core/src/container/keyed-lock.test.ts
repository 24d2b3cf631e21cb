import { expect, test } from 'vitest';
import { createKeyedLock } from './keyed-lock.ts';

test('work on one key runs in the order of the calls, past a failure; another key does not wait', async () => {
  const lock = createKeyedLock();
  const order: string[] = [];
  let release: () => void = () => undefined;
  const first = lock.run('a', () => new Promise<void>((resolve) => (release = resolve)).then(() => void order.push('first')));
  const second = lock.run('a', async () => {
    order.push('second');
    throw new Error('no');
  });
  const third = lock.run('a', async () => void order.push('third'));
  await lock.run('b', async () => void order.push('other'));
  expect(order).toEqual(['other']);
  release();
  await first;
  await expect(second).rejects.toThrow('no');
  await third;
  expect(order).toEqual(['other', 'first', 'second', 'third']);
});

test('a turn that was acquired lasts until it is disposed of', async () => {
  const lock = createKeyedLock();
  const order: string[] = [];
  const held = await lock.acquire('a');
  const next = lock.run('a', async () => void order.push('next'));
  await Promise.resolve();
  order.push('held');
  held[Symbol.dispose]();
  await next;
  expect(order).toEqual(['held', 'next']);
});
