import { chmod, lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { collect, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { dockerCli, type DockerCli } from '../support/docker.ts';

let daemon: TestDaemon;
let docker: DockerCli;
beforeAll(async () => {
  daemon = await startDaemon();
  docker = dockerCli(daemon);
  await docker.print(['pull', '-q', 'host:busybox']);
});
afterEach(async () => {
  for (const { id } of await daemon.client.containers.list()) await docker.run(['rm', '-f', id]);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});
const place = (name: string): string => join(daemon.directory, name);

describe.each(['running', 'stopped'])('cp of a container that is %s', (how) => {
  const prepare = async (script = 'true'): Promise<void> => {
    await docker.print(['run', '-d', '--name', 'box', 'host:busybox', 'sh', '-c', `${script}; touch /ready; exec sleep 1000`]);
    await expect.poll(async () => (await docker.run(['exec', 'box', 'test', '-e', '/ready'])).exitCode, { timeout: 20_000 }).toBe(0);
    if (how === 'stopped') await docker.print(['kill', 'box']);
  };

  test('brings a folder in and out with its modes and links', async () => {
    await prepare('mkdir /data');
    const source = place(`in-${how}`);
    await mkdir(join(source, 'deep'), { recursive: true });
    await writeFile(join(source, 'deep/file'), 'content');
    await chmod(join(source, 'deep/file'), 0o640);
    await symlink('deep/file', join(source, 'link'));
    await docker.print(['cp', source, 'box:/data/copy']);
    const target = place(`out-${how}`);
    await docker.print(['cp', 'box:/data/copy', target]);
    expect(await readFile(join(target, 'deep/file'), 'utf8')).toBe('content');
    expect((await lstat(join(target, 'deep/file'))).mode & 0o777).toBe(0o640);
    expect(await readlink(join(target, 'link'))).toBe('deep/file');
  });

  test('takes a tar from stdin and gives one to stdout', async () => {
    await prepare('echo x >/from-inside');
    const packed = await docker.run(['cp', 'box:/from-inside', '-']);
    await docker.print(['cp', '-', 'box:/tmp'], { input: packed.stdoutBytes });
    expect(await docker.print(['cp', 'box:/tmp/from-inside', place(`again-${how}`)])).toBe('');
    expect(await readFile(place(`again-${how}`), 'utf8')).toBe('x\n');
  });

  test('refuses what is not there, in words', async () => {
    await prepare();
    expect(await docker.run(['cp', 'box:/nothing', place('nothing')])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('there is no such file') as string,
    });
    await writeFile(place('lonely'), '');
    expect((await docker.run(['cp', place('lonely'), 'box:/no/such/folder/'])).exitCode).toBe(1);
  });

  test('does not follow a link of the container out of it', async () => {
    const secret = place(`secret-${how}`);
    await writeFile(secret, 'of the host');
    await prepare(`ln -s ${secret} /escape; mkdir -p ${daemon.directory}; ln -s / ${daemon.directory}/outside`);
    const ran = await docker.run(['cp', '-L', 'box:/escape', place(`escaped-${how}`)]);
    expect(ran.exitCode).toBe(1);
    await docker.run(['cp', secret, `box:${daemon.directory}/outside/planted-${how}`]);
    await expect(lstat(`/planted-${how}`)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test('cp shows what is in the container now, not in its image', async () => {
  await docker.print([
    'run',
    '-d',
    '--name',
    'box',
    '--tmpfs',
    '/mounted',
    'host:busybox',
    'sh',
    '-c',
    'echo here >/mounted/file; touch /ready; exec sleep 1000',
  ]);
  await expect.poll(async () => (await docker.run(['exec', 'box', 'test', '-e', '/ready'])).exitCode, { timeout: 20_000 }).toBe(0);
  await docker.print(['cp', 'box:/mounted/file', place('mounted')]);
  expect(await readFile(place('mounted'), 'utf8')).toBe('here\n');
});

test('diff tells what was added, changed and deleted', async () => {
  await docker.print(['run', '--name', 'changed', 'host:busybox', 'sh', '-c', 'mkdir /new; echo x >/new/file; rm /usr/bin/sh']);
  const lines = (await docker.print(['diff', 'changed'])).split('\n');
  expect(lines).toEqual(expect.arrayContaining(['A /new', 'A /new/file', 'C /usr/bin', 'D /usr/bin/sh']));
  await docker.print(['create', '--name', 'untouched', 'host:busybox']);
  expect(await docker.print(['diff', 'untouched'])).toBe('');
});

test('export is a tar of the root file system', async () => {
  await docker.print(['run', '--name', 'whole', 'host:busybox', 'sh', '-c', 'echo x >/made-here; rm -f /usr/bin/sh']);
  const { stdoutBytes } = await docker.run(['export', 'whole']);
  const listed = await collect(spawn('tar', ['-tf', '-'], { stdio: ['pipe', 'pipe', 'pipe'] }), stdoutBytes);
  const names = listed.stdout.split('\n').map((name) => name.replace(/^\.?\//, ''));
  expect([listed.exitCode, names.includes('made-here'), names.includes('usr/bin/busybox'), names.includes('usr/bin/sh')]).toEqual([
    0,
    true,
    true,
    false,
  ]);
  await docker.print(['export', '-o', place('whole.tar'), 'whole']);
  expect((await lstat(place('whole.tar'))).size).toBe(stdoutBytes.length);
});
