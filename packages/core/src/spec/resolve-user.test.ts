import { describe, expect, test } from 'vitest';
import type { RootfsReader } from './spec-mutator.ts';
import { resolveUser } from './resolve-user.ts';

function rootfs(passwd: string | undefined, group: string | undefined): RootfsReader {
  const files: Readonly<Record<string, string | undefined>> = { '/etc/passwd': passwd, '/etc/group': group };
  return {
    readFile: async (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
    stat: async () => undefined,
    resolve: async (path) => path,
  };
}

const image = rootfs(
  [
    'root:x:0:0:root:/root:/bin/sh',
    '# comment',
    'broken line',
    'bob:x:1000:1001:Bob:/home/bob:/bin/sh',
    'evil:x:4294967296:0::/:',
    '4294967296:x:0:0::/:',
    '3proxy:x:13:13::/:',
  ].join('\n'),
  ['root:x:0:', 'wheel:x:10:root,bob', 'bob:x:1001:', 'audio:x:29:bob'].join('\n'),
);

describe('users', () => {
  test.each([
    ['', { uid: 0, gid: 0, additionalGids: [0, 10], home: '/root' }],
    ['root', { uid: 0, gid: 0, additionalGids: [0, 10], home: '/root' }],
    ['bob', { uid: 1000, gid: 1001, additionalGids: [1001, 10, 29], home: '/home/bob' }],
    ['1000', { uid: 1000, gid: 1001, additionalGids: [1001, 10, 29], home: '/home/bob' }],
    ['bob:wheel', { uid: 1000, gid: 10, additionalGids: [10], home: '/home/bob' }],
    ['bob:50', { uid: 1000, gid: 50, additionalGids: [50], home: '/home/bob' }],
    ['4242', { uid: 4242, gid: 0, additionalGids: [0], home: '/' }],
    ['4242:4343', { uid: 4242, gid: 4343, additionalGids: [4343], home: '/' }],
    ['3proxy', { uid: 13, gid: 13, additionalGids: [13], home: '/' }],
    ['2147483648', { uid: 2 ** 31, gid: 0, additionalGids: [0], home: '/' }],
    ['4294967294', { uid: 2 ** 32 - 2, gid: 0, additionalGids: [0], home: '/' }],
    [':wheel', { uid: 0, gid: 10, additionalGids: [10], home: '/root' }],
  ])('%j', async (text, expected) => {
    expect(await resolveUser(text, [], image)).toEqual(expected);
  });

  test.each([
    '4294967295',
    '4294967296',
    '99999999999999999999',
    '-1',
    '0x0',
    ' 0',
    '0 ',
    '+0',
    '1e3',
    'nobody',
    'evil',
    'bob:',
    'a:b:c',
    'bob:nogroup',
    'bob\n',
    '٠',
  ])('%j is refused, never taken for a name or for root', async (text) => {
    await expect(resolveUser(text, [], image)).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('numbers need no files, names do', async () => {
    expect(await resolveUser('7:8', [], rootfs(undefined, undefined))).toEqual({ uid: 7, gid: 8, additionalGids: [8], home: '/' });
    await expect(resolveUser('bob', [], rootfs(undefined, undefined))).rejects.toThrow('unable to find user bob');
  });

  test('added groups are names of the image or numbers', async () => {
    expect((await resolveUser('bob', ['audio', '77', 'wheel'], image)).additionalGids).toEqual([1001, 10, 29, 77]);
    await expect(resolveUser('bob', ['docker'], image)).rejects.toThrow('unable to find group docker');
  });

  test('a home with a control character in it is not passed on', async () => {
    expect((await resolveUser('x', [], rootfs('x:x:5:5::/home/\u0007evil:', undefined))).home).toBe('/');
    expect((await resolveUser('x', [], rootfs('x:x:5:5::relative:', undefined))).home).toBe('/');
  });
});
