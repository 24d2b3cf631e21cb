import { mountFlags } from '@jocker/native';
import { expect, test } from 'vitest';
import { spawnMounts } from './spawn-mounts.ts';

const flag = (...names: readonly string[]): number => names.reduce((flags, name) => flags | (mountFlags[name] ?? 0), 0);

test('words that the kernel has flags for become flags, and the file system gets the rest', () => {
  const overlay = { type: 'overlay', source: 'overlay', options: ['nosuid', 'lowerdir=/a:/b', 'rw', 'upperdir=/u'] };
  expect(spawnMounts([overlay], '/t')).toEqual([
    { source: 'overlay', target: '/t', type: 'overlay', flags: flag('nosuid'), data: 'lowerdir=/a:/b,upperdir=/u' },
  ]);
});

test('a bind mount is made with all that is below it only when that is asked for', () => {
  expect(spawnMounts([{ type: 'bind', source: '/s', options: ['rw'] }], '/t')).toMatchObject([{ flags: flag('bind') }]);
  expect(spawnMounts([{ type: 'bind', source: '/s', options: ['rbind'] }], '/t')).toMatchObject([{ flags: flag('rbind') }]);
});

test('a read-only bind mount takes a second call, since the kernel ignores the flag in the first', () => {
  expect(spawnMounts([{ type: 'bind', source: '/s', options: ['rbind', 'ro', 'nodev'] }], '/t')).toMatchObject([
    { source: '/s', target: '/t', flags: flag('rbind') },
    { source: '/s', target: '/t', flags: flag('bind', 'remount', 'ro', 'nodev') },
  ]);
});
