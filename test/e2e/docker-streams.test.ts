import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { collect, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { dockerCli, type DockerCli } from '../support/docker.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const megabytes10 = Buffer.alloc(10 * 1024 * 1024, Buffer.from(Array.from({ length: 4099 }, (_none, index) => (index * 7919) & 0xff)));
const whole = sha256(megabytes10);
const shell = ['host:busybox', 'sh', '-c', 'export PS1="@> "; exec sh'];
const timeout = 20_000;

describe.each(['crun', 'runc'])('streams of the docker CLI with %s', (runtime) => {
  let daemon: TestDaemon;
  let docker: DockerCli;
  beforeAll(async () => {
    daemon = await startDaemon(['--runtime', runtime]);
    docker = dockerCli(daemon);
    await docker.print(['pull', '-q', 'host:busybox']);
    await docker.print(['run', '-d', '--name', 'base', 'host:busybox', 'sleep', '10000']);
  });
  afterEach(async () => {
    for (const { id, name } of await daemon.client.containers.list()) if (name !== 'base') await docker.run(['rm', '-f', id]);
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
  });

  test('an exec has its own environment, directory, user and code', async () => {
    const flags = ['-e', 'A=1', '-w', '/tmp', '-u', '5:6'];
    expect(
      await docker.run(['exec', ...flags, 'base', 'sh', '-c', 'echo $A $(pwd) $(id -u):$(id -g); echo err >&2; exit 9']),
    ).toMatchObject({
      exitCode: 9,
      stdout: '1 /tmp 5:6\n',
      stderr: 'err\n',
    });
  });

  test.each([
    [127, 'no-such-command'],
    [126, '/etc'],
  ])('an exec that cannot be run ends with %i', async (code, command) => {
    expect((await docker.run(['exec', 'base', command])).exitCode).toBe(code);
  });

  test('a detached exec goes on by itself', async () => {
    expect(await docker.print(['exec', '-d', 'base', 'sh', '-c', 'echo done >/detached'])).toBe('');
    await expect.poll(() => docker.run(['exec', 'base', 'cat', '/detached']), { timeout }).toMatchObject({ stdout: 'done\n' });
  });

  test('ten megabytes go into exec -i whole, and its sum comes back', async () => {
    const ran = await docker.run(['exec', '-i', 'base', 'sha256sum'], { input: megabytes10 });
    expect(ran).toMatchObject({ exitCode: 0, stdout: `${whole}  -\n` });
  });

  test('ten megabytes come back from exec -i and from run -i byte for byte, and are in the log', async () => {
    const exec = await docker.run(['exec', '-i', 'base', 'cat'], { input: megabytes10 });
    expect([exec.exitCode, exec.stdoutBytes.length, sha256(exec.stdoutBytes)]).toEqual([0, megabytes10.length, whole]);
    const run = await docker.run(['run', '-i', '--name', 'binary', 'host:busybox', 'cat'], { input: megabytes10 });
    expect([run.exitCode, run.stdoutBytes.length, sha256(run.stdoutBytes)]).toEqual([0, megabytes10.length, whole]);
    expect(sha256((await docker.run(['logs', 'binary'])).stdoutBytes)).toBe(whole);
  });

  test('the end of stdin reaches the process, whose output goes on', async () => {
    const script = 'cat >/dev/null; sleep 0.2; echo after; echo more >&2; exit 5';
    for (const command of [
      ['run', '--rm', '-i', 'host:busybox'],
      ['exec', '-i', 'base'],
    ]) {
      const ran = await docker.run([...command, 'sh', '-c', script], { input: 'x' });
      expect(ran).toMatchObject({ exitCode: 5, stdout: 'after\n', stderr: 'more\n' });
    }
  });

  test('a signal to the CLI goes to the process', async () => {
    const child = docker.start([
      'run',
      '--rm',
      'host:busybox',
      'sh',
      '-c',
      'trap "echo caught; exit 21" TERM; echo ready; while :; do sleep 0.05; done',
    ]);
    const ran = collect(child);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    child.kill('SIGTERM');
    expect(await ran).toMatchObject({ exitCode: 21, stdout: 'ready\ncaught\n' });
  });

  test('logs keep stdout and stderr apart, have times, the last lines, bounds, and follow to the end', async () => {
    const script = 'for i in 1 2 3; do echo out $i; echo err $i >&2; done; sleep 1.2; echo last';
    await docker.print(['run', '-d', '--name', 'logged', 'host:busybox', 'sh', '-c', script]);
    const followed = await docker.run(['logs', '-f', 'logged']);
    expect(followed).toMatchObject({ exitCode: 0, stdout: 'out 1\nout 2\nout 3\nlast\n', stderr: 'err 1\nerr 2\nerr 3\n' });
    expect(await docker.run(['logs', 'logged'])).toMatchObject({ stdout: followed.stdout, stderr: followed.stderr });
    expect((await docker.run(['logs', '--tail', '1', 'logged'])).stdout).toBe('last\n');
    const lines = (await docker.print(['logs', '--timestamps', 'logged'])).split('\n');
    for (const line of lines) expect(line).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z (out \d|last)$/);
    const time = lines.at(-1)?.split(' ')[0] ?? '';
    expect((await docker.run(['logs', '--since', time, 'logged'])).stdout).toBe('last\n');
    const before = new Date(Date.parse(time) - 500).toISOString();
    expect((await docker.run(['logs', '--until', before, 'logged'])).stdout).toBe('out 1\nout 2\nout 3\n');
    expect((await docker.run(['logs', '--until', '1h', 'logged'])).stdout).toBe('');
  });

  test('start -ai talks with a process, attach joins one that runs and refuses one that does not', async () => {
    await docker.print([
      'create',
      '--name',
      'made',
      '-i',
      'host:busybox',
      'sh',
      '-c',
      'read line; echo "got $line"; read more; echo "and $more"; exit 8',
    ]);
    expect(await docker.run(['start', '-ai', 'made'], { input: 'a\nb\n' })).toMatchObject({ exitCode: 8, stdout: 'got a\nand b\n' });
    await docker.print(['start', 'made']);
    const attached = docker.start(['attach', 'made']);
    attached.stdin?.write('one\n');
    await expect.poll(() => docker.print(['logs', '--tail', '1', 'made']), { timeout }).toBe('got one');
    expect(await collect(attached, 'two\n')).toMatchObject({ exitCode: 8, stdout: 'got one\nand two\n' });
    expect(await docker.run(['attach', 'made'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/stopped container/) as string,
    });
  });

  test('attach with the log and without the stream gives what was written so far, and ends', async () => {
    const id = await docker.print(['run', '-d', '--name', 'said', 'host:busybox', 'sh', '-c', 'echo out; sleep 1000']);
    await expect.poll(() => docker.print(['logs', 'said']), { timeout }).toBe('out');
    const asked = request({
      socketPath: daemon.socketPath,
      method: 'POST',
      path: `/containers/${id}/attach?logs=1&stdout=1&stderr=1`,
      agent: false,
    });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
    expect((await buffer(answer)).toString('latin1')).toBe('\x01\0\0\0\0\0\0\x04out\n');
  });

  test('a reader of logs that stops reading stops nobody else', async () => {
    await docker.print(['run', '-d', '--name', 'loud', 'host:busybox', 'sh', '-c', 'yes | head -c 12000000; echo; echo the end']);
    const stalled = docker.start(['logs', '-f', 'loud']);
    const stopped = once(stalled, 'exit');
    expect(await docker.print(['wait', 'loud'])).toBe('0');
    expect(await docker.print(['logs', '--tail', '1', 'loud'])).toBe('the end');
    stalled.kill('SIGKILL');
    await stopped;
  });

  test('run -it is a terminal that follows the size of this one and ends with the code of its shell', async () => {
    await using user = docker.sitsAtTerminal(['run', '-it', '--rm', ...shell], [91, 37]);
    await user.sees('@> ');
    // The CLI tells the size after the start.
    user.types('until [ "$(stty size)" = "37 91" ]; do sleep 0.1; done; echo si""zed; tty\r');
    await user.sees('sized\r\n');
    await user.sees('/dev/pts/0\r\n');
    user.resizes(120, 50);
    user.types('until [ "$(stty size)" = "50 120" ]; do sleep 0.1; done; echo re""sized\r');
    await user.sees('resized\r\n');
    user.types('exit 42\r');
    expect(await user.ends).toBe(42);
  });

  test('run -it is left by ctrl-p ctrl-q and found again by attach', async () => {
    const script = 'echo ready; read a; echo "got $a"; read b; echo "$a, then $b"; exit 3';
    await using user = docker.sitsAtTerminal(['run', '-it', '--name', 'kept', 'host:busybox', 'sh', '-c', script]);
    await user.sees('ready');
    user.types('one\r');
    await user.sees('got one');
    user.types('\x10');
    user.types('\x11');
    expect(await user.ends).toBe(0);
    expect(await docker.print(['ps', '--filter', 'name=kept', '--format', '{{.State}}'])).toBe('running');
    await using again = docker.sitsAtTerminal(['attach', 'kept']);
    // What is typed before the CLI has the terminal for itself is lost, and it does not say when it has.
    const said = async (): Promise<string> => {
      again.types('two\r');
      return await docker.print(['logs', 'kept']);
    };
    await expect.poll(said, { timeout, interval: 300 }).toContain('one, then');
    expect(await again.ends).toBe(3);
  });

  test('exec -it is a terminal of its own', async () => {
    await using user = docker.sitsAtTerminal(['exec', '-it', 'base', 'sh', '-c', 'export PS1="@> "; exec sh'], [100, 30]);
    await user.sees('@> ');
    user.types('until [ "$(stty size)" = "30 100" ]; do sleep 0.1; done; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo is a termi""nal\r');
    await user.sees('is a terminal\r\n');
    user.types('exit 6\r');
    expect(await user.ends).toBe(6);
  });
});
