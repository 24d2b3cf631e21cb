import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { collect, startDaemon, type TestDaemon } from '../support/daemon.ts';

// Real daemons and real programs, on machines that do other things too.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const megabytes10 = Buffer.alloc(10 * 1024 * 1024, Buffer.from(Array.from({ length: 4099 }, (_, index) => (index * 7919) & 0xff)));

describe.each(['crun', 'runc'])('streams with %s', (runtime) => {
  let daemon: TestDaemon;
  beforeAll(async () => {
    daemon = await startDaemon(['--runtime', runtime]);
    await daemon.print(['pull', '-q', 'host:busybox']);
    await daemon.print(['run', '-d', '--name', 'base', 'host:busybox', 'sleep', '10000']);
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
  });

  test('ten megabytes through exec -i come back byte for byte', async () => {
    const ran = await daemon.jocker(['exec', '-i', 'base', 'cat'], { input: megabytes10 });
    expect([ran.exitCode, ran.stdoutBytes.length, sha256(ran.stdoutBytes)]).toEqual([0, megabytes10.length, sha256(megabytes10)]);
  });

  test('ten megabytes through run -i come back byte for byte', async () => {
    const ran = await daemon.jocker(['run', '--rm', '-i', 'host:busybox', 'cat'], { input: megabytes10 });
    expect([ran.exitCode, ran.stdoutBytes.length, sha256(ran.stdoutBytes)]).toEqual([0, megabytes10.length, sha256(megabytes10)]);
  });

  test('the end of stdin reaches the process, whose output goes on', async () => {
    const script = 'cat >/dev/null; sleep 0.2; echo after; sleep 0.2; echo more >&2; exit 5';
    for (const command of [
      ['run', '--rm', '-i', 'host:busybox'],
      ['exec', '-i', 'base'],
    ]) {
      expect(await daemon.jocker([...command, 'sh', '-c', script], { input: 'x' })).toMatchObject({
        exitCode: 5,
        stdout: 'after\n',
        stderr: 'more\n',
      });
    }
  });

  test('without -i stdin is empty', async () => {
    expect(await daemon.jocker(['run', '--rm', 'host:busybox', 'cat'], { input: 'unseen' })).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await daemon.jocker(['exec', 'base', 'cat'], { input: 'unseen' })).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test('an exec has its own environment, directory, user and code', async () => {
    const flags = ['-e', 'A=1', '-w', '/tmp', '-u', '5:6'];
    expect(await daemon.jocker(['exec', ...flags, 'base', 'sh', '-c', 'echo $A $(pwd) $(id -u):$(id -g); exit 9'])).toMatchObject({
      exitCode: 9,
      stdout: '1 /tmp 5:6\n',
    });
  });

  test('a signal to this program goes to the process, and its end is its own', async () => {
    const script = 'trap "echo caught; exit 21" TERM; echo ready; while :; do sleep 0.05; done';
    for (const command of [
      ['run', '--rm', 'host:busybox'],
      ['exec', 'base'],
    ]) {
      const child = daemon.start([...command, 'sh', '-c', script]);
      const ran = collect(child);
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      child.kill('SIGTERM');
      expect(await ran).toMatchObject({ exitCode: 21, stdout: 'ready\ncaught\n' });
    }
  });

  test('a process that a signal ends has 128 and the signal as its code', async () => {
    expect((await daemon.jocker(['run', '--rm', 'host:busybox', 'sh', '-c', 'sh -c "kill -9 \\$\\$"; exit $?'])).exitCode).toBe(137);
    expect((await daemon.jocker(['exec', 'base', 'sh', '-c', 'kill -TERM $$'])).exitCode).toBe(143);
  });

  test('an exec session outlives its client, and gives the next one what it missed and the code', async () => {
    const { execs } = daemon.client;
    const { id } = await execs.create('base', {
      command: ['sh', '-c', 'echo before; read line; echo "got $line"; exit 4'],
      openStdin: true,
    });
    const first = await execs.start(id, { attach: true });
    for await (const { data } of first.output) {
      expect(data.toString()).toBe('before\n');
      first.detach();
    }
    expect((await execs.inspect(id)).status).toBe('running');
    await using second = await execs.attach(id, { replay: true });
    second.stdin.write('a line\n');
    let all = '';
    for await (const { data } of second.output) all += data.toString();
    expect([all, await second.exited]).toEqual(['before\ngot a line\n', { exitCode: 4 }]);
  });

  test('logs keep stdout and stderr apart, in order, with times, the last lines, and follow', async () => {
    const script = 'for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf unended; sleep 0.3; echo; echo last';
    await daemon.print(['run', '-d', '--name', 'logged', 'host:busybox', 'sh', '-c', script]);
    const followed = await daemon.jocker(['logs', '-f', 'logged']);
    expect(followed).toMatchObject({ exitCode: 0, stdout: 'out 1\nout 2\nout 3\nunended\nlast\n', stderr: 'err 1\nerr 2\nerr 3\n' });
    expect((await daemon.jocker(['logs', 'logged'])).stdout).toBe(followed.stdout);
    expect((await daemon.jocker(['logs', '-n', '1', 'logged'])).stdout).toBe('last\n');
    for (const line of (await daemon.print(['logs', '-t', 'logged'])).split('\n'))
      expect(line).toMatch(/^20\d\d-\d\d-\d\dT[\d:.]+Z (out|unended|last)/);
    expect((await daemon.jocker(['logs', '--until', '1h', 'logged'])).stdout).toBe('');
    await daemon.print(['rm', 'logged']);
  });

  test('ten megabytes of binary output are in the log byte for byte', async () => {
    const ran = await daemon.jocker(['run', '-i', '--name', 'binary', 'host:busybox', 'cat'], { input: megabytes10 });
    expect(sha256(ran.stdoutBytes)).toBe(sha256(megabytes10));
    expect(sha256((await daemon.jocker(['logs', 'binary'])).stdoutBytes)).toBe(sha256(megabytes10));
    await daemon.print(['rm', 'binary']);
  });

  test('a reader that stops reading stops nobody else', async () => {
    await daemon.print(['run', '-d', '--name', 'loud', 'host:busybox', 'sh', '-c', 'yes | head -c 12000000; echo; echo the end']);
    const stalled = daemon.start(['logs', '-f', 'loud']);
    expect(await daemon.print(['wait', 'loud'])).toBe('0');
    expect(await daemon.print(['logs', '-n', '1', 'loud'])).toBe('the end');
    stalled.kill('SIGKILL');
    await once(stalled, 'exit');
    await daemon.print(['rm', 'loud']);
  });

  test('start -a and attach give the same as run', async () => {
    await daemon.print(['create', '--name', 'made', '-i', 'host:busybox', 'sh', '-c', 'read line; echo "got $line"; exit 8']);
    expect(await daemon.jocker(['start', '-a', '-i', 'made'], { input: 'a line\n' })).toMatchObject({
      exitCode: 8,
      stdout: 'got a line\n',
    });
    expect(await daemon.jocker(['attach', 'made'])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining('made is exited') as string,
    });
    await daemon.print(['rm', 'made']);
  });
});
