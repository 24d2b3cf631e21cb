import { chmod, lstat, mkdir, readFile, readlink, writeFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';

// Real daemons and real programs, on machines that do other things too.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon();
  await daemon.print(['pull', '-q', 'host:busybox']);
});
afterEach(async () => {
  for (const { id } of await daemon.client.containers.list()) await daemon.jocker(['rm', '-f', id]);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});
const file = (name: string): string => join(daemon.directory, name);

describe('images', () => {
  test('are pulled once, listed, tagged, and removed with their last name', async () => {
    expect(await daemon.print(['pull', 'host:busybox'])).toContain('Image is up to date for host:busybox');
    await daemon.print(['tag', 'host:busybox', 'mine:v1']);
    const lines = (await daemon.print(['images'])).split('\n');
    expect(lines[0]).toMatch(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
    expect(lines.some((line) => /^mine +v1 +[0-9a-f]{12} /.test(line))).toBe(true);
    expect((await daemon.print(['images', '-q'])).split('\n')).toHaveLength(1);
    expect(JSON.parse(await daemon.print(['images', '--format', 'json']))).toMatchObject({
      references: expect.arrayContaining(['docker.io/library/mine:v1']) as string[],
    });
    expect(await daemon.print(['rmi', 'mine:v1'])).toBe('Untagged: docker.io/library/mine:v1');
    expect(await daemon.print(['images'])).not.toContain('mine');
  });

  test('show their history and everything about them', async () => {
    expect(await daemon.print(['history', 'host:busybox'])).toMatch(/^IMAGE +CREATED +CREATED BY +SIZE +COMMENT\n[0-9a-f]{12}/);
    expect(JSON.parse(await daemon.print(['inspect', 'host:busybox']))).toMatchObject([{ references: ['host:busybox'] }]);
  });

  test('go through an archive to another name and back', async () => {
    await daemon.print(['tag', 'host:busybox', 'saved:1']);
    await daemon.print(['save', '-o', file('saved.tar'), 'saved:1']);
    await daemon.print(['rmi', 'saved:1']);
    expect(await daemon.print(['load', '-i', file('saved.tar')])).toBe('Loaded image: docker.io/library/saved:1');
    expect(await daemon.print(['run', '--rm', 'saved:1', 'echo', 'loaded'])).toBe('loaded');
    expect(
      await daemon.print(['run', '--rm', '--pull', 'always', 'docker-archive:./saved.tar', 'echo', 'relative'], { cwd: daemon.directory }),
    ).toBe('relative');
  });

  test('are made of a container, with changes', async () => {
    await daemon.print(['run', '--name', 'work', 'host:busybox', 'sh', '-c', 'echo content >/made']);
    expect(await daemon.print(['diff', 'work'])).toContain('A /made');
    await daemon.print(['commit', '-m', 'why', '-c', 'CMD ["cat", "/made"]', 'work', 'committed:1']);
    expect(await daemon.print(['run', '--rm', 'committed:1'])).toBe('content');
  });

  test('are made of an exported file system', async () => {
    await daemon.print(['create', '--name', 'source', 'host:busybox', 'true']);
    await daemon.print(['export', '-o', file('root.tar'), 'source']);
    expect(await daemon.print(['import', '-c', 'CMD ["echo", "imported"]', file('root.tar'), 'imported:1'])).toMatch(/^sha256:/);
    expect(await daemon.print(['run', '--rm', 'imported:1'])).toBe('imported');
    expect(await daemon.print(['run', '--rm', 'rootfs:./root.tar', 'echo', 'a root file system'], { cwd: daemon.directory })).toBe(
      'a root file system',
    );
  });

  test('in use are kept, unused ones go with prune', async () => {
    await daemon.print(['tag', 'host:busybox', 'used:1']);
    await daemon.print(['run', '-d', '--name', 'user', 'used:1', 'sleep', '1000']);
    const { imageId } = await daemon.client.containers.inspect('user');
    expect((await daemon.jocker(['rmi', imageId])).exitCode).toBe(1);
    await daemon.print(['create', '--name', 'stopped', 'host:busybox', 'true']);
    expect(await daemon.print(['prune', '-f'])).toContain('Total reclaimed space:');
    expect((await daemon.client.containers.list()).map(({ name }) => name)).toEqual(['user']);
  });
});

describe('cp', () => {
  test('copies a file in and out, under its own name or another', async () => {
    await daemon.print(['run', '-d', '--name', 'box', 'host:busybox', 'sleep', '1000']);
    await writeFile(file('script'), '#!/bin/sh\n');
    await chmod(file('script'), 0o755);
    await daemon.print(['cp', file('script'), 'box:/tmp']);
    await daemon.print(['cp', file('script'), 'box:/tmp/renamed']);
    expect(await daemon.print(['exec', 'box', 'stat', '-c', '%n %a %u', '/tmp/script', '/tmp/renamed'])).toBe(
      '/tmp/script 755 0\n/tmp/renamed 755 0',
    );
    await daemon.print(['cp', 'box:/tmp/renamed', file('back')]);
    expect(await readFile(file('back'), 'utf8')).toBe('#!/bin/sh\n');
    expect((await lstat(file('back'))).mode & 0o777).toBe(0o755);
  });

  test('copies a directory, or with /. what is in it, also of a container that does not run', async () => {
    await mkdir(file('tree/deep'), { recursive: true });
    await writeFile(file('tree/deep/file'), 'deep\n');
    await symlink('deep/file', file('tree/link'));
    await daemon.print(['create', '--name', 'still', 'host:busybox', 'true']);
    await daemon.print(['cp', file('tree'), 'still:/tmp']);
    await daemon.print(['cp', `${file('tree')}/.`, 'still:/']);
    await daemon.print(['cp', 'still:/tmp/tree', file('copied')]);
    expect(await readFile(file('copied/deep/file'), 'utf8')).toBe('deep\n');
    expect(await readlink(file('copied/link'))).toBe('deep/file');
    await mkdir(file('into'));
    await daemon.print(['cp', 'still:/deep/.', file('into')]);
    expect(await readFile(file('into/file'), 'utf8')).toBe('deep\n');
  });

  test('refuses what is not there, by name', async () => {
    await daemon.print(['create', '--name', 'empty', 'host:busybox', 'true']);
    expect(await daemon.jocker(['cp', 'empty:/nothing', daemon.directory])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('/nothing') as string,
    });
    expect(await daemon.jocker(['cp', file('nothing'), 'empty:/'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('nothing') as string,
    });
    expect(await daemon.jocker(['cp', 'nosuch:/a', '.'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('nosuch') as string,
    });
    expect(await daemon.jocker(['cp', 'a', 'b'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('CONTAINER:PATH') as string,
    });
  });
});
