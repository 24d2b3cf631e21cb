import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRootfsReader } from './rootfs-reader.ts';

let folder: string;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jocker-rootfs-'));
  root = join(folder, 'root');
  await mkdir(join(root, 'etc'), { recursive: true });
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test.each(['/etc/passwd', '../../../../../../etc/passwd', '/proc/self/root/etc/passwd', '/proc/1/root/etc/passwd'])(
  'a link to %s never reads the file of the host',
  async (target) => {
    await symlink(target, join(root, 'etc', 'passwd'));
    expect(await createRootfsReader([root]).readFile('/etc/passwd')).toBeUndefined();
  },
);

test('a folder that is a link to the host is the same folder inside', async () => {
  await rm(join(root, 'etc'), { recursive: true });
  await symlink('/etc', join(root, 'etc'));
  expect(await createRootfsReader([root]).readFile('/etc/passwd')).toBeUndefined();
  await rm(join(root, 'etc'));
  await symlink(tmpdir(), join(root, 'etc'));
  await writeFile(join(folder, 'passwd'), 'canary');
  expect(await createRootfsReader([root]).readFile(`/etc/${folder.split('/').at(-1)}/passwd`)).toBeUndefined();
});

test('a FIFO, a device and a folder are not files, and do not block', async () => {
  execFileSync('mkfifo', [join(root, 'etc', 'passwd')]);
  execFileSync('mknod', [join(root, 'etc', 'group'), 'c', '1', '5']);
  await mkdir(join(root, 'etc', 'shadow'));
  const reader = createRootfsReader([root]);
  for (const name of ['passwd', 'group', 'shadow']) expect(await reader.readFile(`/etc/${name}`)).toBeUndefined();
  expect([await reader.stat('/etc/passwd'), await reader.stat('/etc/group')]).toEqual(['other', 'other']);
});

test('a sparse file of many gigabytes is refused without being read', async () => {
  await writeFile(join(root, 'etc', 'group'), 'root:x:0:\n');
  await truncate(join(root, 'etc', 'group'), 10 * 2 ** 30);
  await expect(createRootfsReader([root]).readFile('/etc/group')).rejects.toMatchObject({ code: 'resource-exhausted' });
});

test('one MiB is read, one byte more is not', async () => {
  await writeFile(join(root, 'fits'), Buffer.alloc(1024 * 1024));
  await writeFile(join(root, 'over'), Buffer.alloc(1024 * 1024 + 1));
  expect(await createRootfsReader([root]).readFile('/fits')).toHaveLength(1024 * 1024);
  await expect(createRootfsReader([root]).readFile('/over')).rejects.toMatchObject({ code: 'resource-exhausted' });
});

test.each(['', '/', '.', '..', '/..', '//etc//', 'a\0b', `/${'x'.repeat(5000)}`, '/etc/passwd/', `/${'../'.repeat(200)}etc/passwd`])(
  'path %j reads nothing and breaks nothing',
  async (path) => {
    await expect(createRootfsReader([root]).readFile(path)).resolves.toBeUndefined();
  },
);

test('a name that is swapped between a folder and a link out of the root never shows the host', async () => {
  await writeFile(join(folder, 'passwd'), 'canary');
  await mkdir(join(root, 'real'));
  await writeFile(join(root, 'real', 'passwd'), 'inside');
  await symlink(folder, join(root, 'link'));
  await rename(join(root, 'real'), join(root, 'etc', 'swap'));
  const script = `
    const fs = require('node:fs');
    process.stdout.write('ready');
    for (;;) { try { fs.renameSync('etc/swap', 'real'); fs.renameSync('link', 'etc/swap'); fs.renameSync('etc/swap', 'link'); fs.renameSync('real', 'etc/swap'); } catch {} }
  `;
  const attacker = spawn(process.execPath, ['-e', script], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    await once(attacker.stdout, 'data');
    const seen = new Set<string>();
    for (let round = 0; round < 3000; round += 1) {
      seen.add((await createRootfsReader([root]).readFile('/etc/swap/passwd'))?.toString() ?? 'nothing');
    }
    expect(seen.has('canary')).toBe(false);
    expect([...seen].every((text) => text === 'inside' || text === 'nothing')).toBe(true);
  } finally {
    attacker.kill('SIGKILL');
    await once(attacker, 'close');
  }
  expect(await readFile(join(folder, 'passwd'), 'utf8')).toBe('canary');
});

test('no descriptor stays open', async () => {
  await symlink('../x', join(root, 'etc', 'passwd'));
  const count = (): number => execFileSync('ls', [`/proc/${process.pid}/fd`], { encoding: 'utf8' }).split('\n').length;
  const before = count();
  for (let round = 0; round < 50; round += 1) {
    await createRootfsReader([root, root]).readFile('/etc/passwd');
    await createRootfsReader([root]).resolve('/etc/passwd/x');
  }
  expect(count()).toBeLessThanOrEqual(before + 5);
});
