import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { native } from '@jocker/native';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRootfsReader } from './rootfs-reader.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jocker-rootfs-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Layers, top first; a name ending in `/` is a folder, a text beginning with `->` a link, `whiteout` and `opaque` what they say. */
async function layers(...trees: readonly Readonly<Record<string, string>>[]): Promise<string[]> {
  return await Promise.all(
    trees.map(async (tree, index) => {
      const root = join(folder, `${index}`);
      await mkdir(root);
      for (const [path, text] of Object.entries(tree)) {
        const target = join(root, path);
        await mkdir(join(target, '..'), { recursive: true });
        if (text === 'whiteout') native().mknod(target, 0o020000, 0, 0);
        else if (text === 'opaque') {
          await mkdir(target, { recursive: true });
          native().lsetxattr(target, 'trusted.overlay.opaque', Buffer.from('y'));
        } else if (text.startsWith('->')) await symlink(text.slice(2), target);
        else if (path.endsWith('/')) await mkdir(target, { recursive: true });
        else await writeFile(target, text);
      }
      return root;
    }),
  );
}

async function textOf(directories: readonly string[], path: string): Promise<string | undefined> {
  return (await createRootfsReader(directories).readFile(path))?.toString();
}

describe('layers', () => {
  test('the upper file wins, and folders are merged', async () => {
    const roots = await layers({ 'etc/passwd': 'top' }, { 'etc/passwd': 'low', 'etc/group': 'low' });
    expect(await textOf(roots, '/etc/passwd')).toBe('top');
    expect(await textOf(roots, '/etc/group')).toBe('low');
    expect(await createRootfsReader(roots).stat('/etc')).toBe('directory');
  });

  test('a whiteout hides what lies below it, and only that', async () => {
    const roots = await layers({ 'etc/passwd': 'whiteout' }, { 'etc/passwd': 'low', 'etc/group': 'low' }, { 'etc/passwd': 'lowest' });
    expect(await textOf(roots, '/etc/passwd')).toBeUndefined();
    expect(await textOf(roots, '/etc/group')).toBe('low');
  });

  test('an opaque folder hides the whole folder below', async () => {
    const roots = await layers({ etc: 'opaque', 'etc/new': 'top' }, { 'etc/passwd': 'low' });
    expect(await textOf(roots, '/etc/new')).toBe('top');
    expect(await textOf(roots, '/etc/passwd')).toBeUndefined();
  });

  test('a file hides a folder, and a folder a file', async () => {
    const roots = await layers({ a: 'file', 'b/inside': 'x' }, { 'a/inside': 'x', b: 'file' });
    const reader = createRootfsReader(roots);
    expect([await reader.stat('/a'), await reader.stat('/a/inside'), await reader.stat('/b'), await reader.stat('/b/inside')]).toEqual([
      'file',
      undefined,
      'directory',
      'file',
    ]);
  });

  test('links lead from one layer into another', async () => {
    const roots = await layers({ 'usr/etc/passwd': 'found' }, { etc: '->usr/etc' }, { 'usr/other': 'x' });
    expect(await textOf(roots, '/etc/passwd')).toBe('found');
    expect(await createRootfsReader(roots).resolve('/etc/new/file')).toBe('/usr/etc/new/file');
  });

  test('one plain folder is a root as well', async () => {
    const roots = await layers({ 'etc/passwd': 'plain' });
    expect(await textOf(roots, '/etc/passwd')).toBe('plain');
  });
});

describe('resolve', () => {
  test('follows links inside the root and keeps what is missing', async () => {
    const reader = createRootfsReader(await layers({ 'run/': '', 'var/run': '->/run', 'var/log': '->../run/./log', deep: '->var/run/x' }));
    expect(await reader.resolve('/var/run/app.sock')).toBe('/run/app.sock');
    expect(await reader.resolve('/var/log')).toBe('/run/log');
    expect(await reader.resolve('/deep/y')).toBe('/run/x/y');
    expect(await reader.resolve('/not/here')).toBe('/not/here');
    expect(await reader.resolve('/')).toBe('/');
  });

  test('a link that climbs above the root leads nowhere', async () => {
    const reader = createRootfsReader(await layers({ up: '->../../etc', 'a/up': '->../../../x', 'a/stay': '->../b' }));
    expect(await reader.resolve('/up')).toBeUndefined();
    expect(await reader.resolve('/a/up/y')).toBeUndefined();
    expect(await reader.resolve('/a/stay')).toBe('/b');
  });

  test('links in a circle lead nowhere', async () => {
    const reader = createRootfsReader(await layers({ a: '->b', b: '->a', self: '->self/x' }));
    expect(await reader.resolve('/a')).toBeUndefined();
    expect(await reader.resolve('/self')).toBeUndefined();
    expect(await reader.stat('/a')).toBeUndefined();
    expect(await reader.readFile('/self')).toBeUndefined();
  });
});
