import { chmod, link, lstat, lutimes, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSnapshotter } from '@jocker/core/testing';
import { native } from '@jocker/native';
import { expect, test } from 'vitest';
import { copyTree } from './copy-tree.ts';
import { createCopySnapshotter } from './copy-snapshotter.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

describeSnapshotter({ name: 'copy', create: (directory) => createCopySnapshotter({ directory, log }) });

test('a copy keeps modes, times, links, devices and xattrs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jocker-copy-'));
  try {
    const [from, to] = [await mkdtemp(join(folder, 'from-')), await mkdtemp(join(folder, 'to-'))];
    await writeFile(join(from, 'file'), 'x');
    await chmod(join(from, 'file'), 0o4751);
    await utimes(join(from, 'file'), 1_000_000, 1_000_000);
    await link(join(from, 'file'), join(from, 'same'));
    await symlink('/absolute/nowhere', join(from, 'link'));
    await lutimes(join(from, 'link'), 5, 5);
    native().mknod(join(from, 'device'), 0o020600, 1, 3);
    native().mknod(join(from, 'pipe'), 0o010600, 0, 0);
    native().lsetxattr(join(from, 'file'), 'security.capability', Buffer.from('0100000200040000000000000000000000000000', 'hex'));
    native().lsetxattr(join(from, 'file'), 'user.note', Buffer.from('kept'));
    await copyTree(from, to, new AbortController().signal);
    const [file, same, device] = await Promise.all(['file', 'same', 'device'].map(async (name) => await lstat(join(to, name))));
    expect(file?.mode).toBe(0o104751);
    expect(file?.mtimeMs).toBe(1_000_000_000);
    expect(same?.ino).toBe(file?.ino);
    expect(device?.rdev).toBe((await lstat('/dev/null')).rdev);
    expect((await lstat(join(to, 'link'))).mtimeMs).toBe(5000);
    expect((await lstat(join(to, 'pipe'))).isFIFO()).toBe(true);
    expect(native().lgetxattr(join(to, 'file'), 'user.note').toString()).toBe('kept');
    expect(native().lgetxattr(join(to, 'file'), 'security.capability')).toHaveLength(20);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a copy that is cancelled leaves no key', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jocker-copy-'));
  try {
    await using snapshotter = createCopySnapshotter({ directory: join(folder, 'c'), log });
    const context = { signal: new AbortController().signal, log };
    await snapshotter.prepareLayer('unpack-1', undefined, context);
    await snapshotter.commitLayer(`sha256:${'a'.repeat(64)}`, 'unpack-1');
    await expect(snapshotter.prepare('c1', `sha256:${'a'.repeat(64)}`, { signal: AbortSignal.abort(), log })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect((await snapshotter.list()).keys).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
