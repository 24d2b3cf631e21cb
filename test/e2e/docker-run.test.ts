import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { dockerCli, type DockerCli } from '../support/docker.ts';

describe.each(['crun', 'runc'])('the docker CLI with %s', (runtime) => {
  let daemon: TestDaemon;
  let docker: DockerCli;
  beforeAll(async () => {
    daemon = await startDaemon(['--runtime', runtime]);
    docker = dockerCli(daemon);
    await docker.print(['pull', '-q', 'host:busybox']);
  });
  afterEach(async () => {
    for (const { id } of await daemon.client.containers.list()) await docker.run(['rm', '-f', id]);
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
  });
  const inside = (flags: readonly string[], script: string): Promise<string> =>
    docker.print(['run', '--rm', ...flags, 'host:busybox', 'sh', '-c', script]);
  const field = (container: string, format: string): Promise<string> => docker.print(['inspect', '-f', format, container]);

  test('runs a command with its own output, errors and exit code', async () => {
    expect(await docker.run(['run', '--rm', 'host:busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7'])).toMatchObject({
      exitCode: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  test.each([
    [125, 'an image that nobody has', ['127.0.0.1:1/nothing', 'true']],
    [125, 'a network that is not there', ['--network', 'mine', 'host:busybox', 'true']],
    [126, 'a command that cannot be run', ['host:busybox', '/etc']],
    [127, 'a command that is not there', ['host:busybox', 'no-such-command']],
    [137, 'a process that was killed', ['host:busybox', 'sh', '-c', 'sh -c "kill -9 \\$\\$"; exit $?']],
    [143, 'a process that was asked to end', ['host:busybox', 'sh', '-c', 'sh -c "kill -TERM \\$\\$"; exit $?']],
  ])('exits with %i for %s', async (code, _what, args) => {
    expect((await docker.run(['run', '--rm', ...args])).exitCode).toBe(code);
  });

  test('leaves no container of a run that failed with --rm', async () => {
    expect((await docker.run(['run', '--rm', 'host:busybox', 'no-such-command'])).exitCode).toBe(127);
    await expect.poll(() => docker.print(['ps', '-aq']), { timeout: 20_000 }).toBe('');
  });

  test('sets environment, directory, user, groups and host name', async () => {
    const flags = ['-e', 'A=1', '-e', 'HERE', '-w', '/tmp/made', '-u', '12:34', '--group-add', '56', '--hostname', 'box'];
    const ran = await docker.run(['run', '--rm', ...flags, 'host:busybox', 'sh', '-c', 'echo $A $HERE; pwd; id -u; id -G; hostname'], {
      env: { HERE: 'here' },
    });
    expect(ran.stdout.split('\n')).toEqual(['1 here', '/tmp/made', '12', '34 56', 'box', '']);
  });

  test('mounts a folder writable and read-only, and a tmpfs of the size that was asked for', async () => {
    const shared = join(daemon.directory, 'shared');
    await mkdir(shared, { recursive: true });
    const flags = ['-v', `${shared}:/a`, '--mount', `type=bind,source=${shared},target=/b,readonly`, '--tmpfs', '/t:size=4m'];
    const script =
      'echo in >/a/file; cat /b/file; (echo x >/b/file) 2>/dev/null || echo refused; df -k /t | tail -n 1 | awk "{print \\$2}"';
    expect(await inside(flags, script)).toBe('in\nrefused\n4096');
    expect(await readFile(join(shared, 'file'), 'utf8')).toBe('in\n');
  });

  test('limits memory and processes, and drops capabilities', async () => {
    const memory = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max';
    const pids = 'cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max';
    const script = `${memory}; ${pids}; grep CapEff /proc/self/status`;
    expect(await inside(['--memory', '64m', '--pids-limit', '77', '--cap-drop', 'ALL'], script)).toBe(
      '67108864\n77\nCapEff:\t0000000000000000',
    );
  });

  test('has a root file system that is read-only when asked for', async () => {
    expect(await inside(['--read-only'], '(echo x >/file) 2>/dev/null || echo refused')).toBe('refused');
  });

  test('warns about what it does not do', async () => {
    const ran = await docker.run(['create', '--name', 'warned', '--security-opt', 'apparmor=mine', 'host:busybox']);
    expect([ran.exitCode, ran.stderr]).toEqual([0, expect.stringContaining('apparmor is not supported and has no effect')]);
  });

  test('creates, starts, pauses, renames, updates, restarts, stops, kills and removes one container', async () => {
    const script = 'trap "exit 143" TERM; echo up; while :; do sleep 0.1; done';
    const id = await docker.print(['create', '--name', 'life', '--label', 'a=b', 'host:busybox', 'sh', '-c', script]);
    expect(await field('life', '{{.Id}} {{.State.Status}} {{.Config.Labels.a}}')).toBe(`${id} created b`);
    await docker.print(['start', 'life']);
    expect(await docker.print(['ps', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}'])).toBe(`${id} life running`);
    await docker.print(['pause', 'life']);
    expect(await docker.print(['ps', '--filter', 'status=paused', '--format', '{{.Status}}'])).toMatch(/^Up .* \(Paused\)$/);
    await docker.print(['unpause', 'life']);
    await docker.print(['rename', 'life', 'second']);
    await docker.print(['update', '--memory', '128m', '--memory-swap', '256m', 'second']);
    expect(await field('second', '{{.Name}} {{.HostConfig.Memory}}')).toBe('/second 134217728');
    const started = await field('second', '{{.State.StartedAt}}');
    await docker.print(['restart', '-t', '20', 'second']);
    expect(await field('second', '{{.State.Status}}')).toBe('running');
    expect(await field('second', '{{.State.StartedAt}}')).not.toBe(started);
    await docker.print(['stop', '-t', '20', 'second']);
    expect(await field('second', '{{.State.Status}} {{.State.ExitCode}}')).toMatch(/^exited (0|143)$/);
    await docker.print(['start', 'second']);
    await docker.print(['kill', 'second']);
    expect(await docker.print(['wait', 'second'])).toBe('137');
    await docker.print(['rm', 'second']);
    expect(await docker.run(['inspect', 'second'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('No such') as string });
  });

  test('tells the signal with which a process was asked to end', async () => {
    const script = 'trap "exit 143" TERM; echo up; while :; do sleep 0.1; done';
    await docker.print(['run', '-d', '--name', 'asked', 'host:busybox', 'sh', '-c', script]);
    await expect.poll(() => docker.print(['logs', 'asked']), { timeout: 20_000 }).toBe('up');
    await docker.print(['stop', '-t', '20', 'asked']);
    expect(await field('asked', '{{.State.ExitCode}}')).toBe('143');
  });

  test('refuses with words what cannot be: a name twice, the removal of what runs, an exec in what does not', async () => {
    await docker.print(['run', '-d', '--name', 'taken', 'host:busybox', 'sleep', '1000']);
    const refused = async (...args: readonly string[]): Promise<string> => {
      const ran = await docker.run(args);
      expect(ran.exitCode).not.toBe(0);
      return ran.stderr;
    };
    expect(await refused('create', '--name', 'taken', 'host:busybox')).toMatch(/"\/taken" is already in use by container/);
    expect(await refused('rm', 'taken')).toMatch(/running/);
    await docker.print(['kill', 'taken']);
    expect(await refused('exec', 'taken', 'true')).toMatch(/running/);
    expect(await refused('kill', 'taken')).toMatch(/running/);
    expect(await refused('start', 'nobody')).toContain('No such container: nobody');
  });

  test('shows processes and what they use', async () => {
    await docker.print(['run', '-d', '--name', 'seen', 'host:busybox', 'sleep', '1234']);
    expect(await docker.print(['top', 'seen'])).toMatch(/PID[^]*sleep 1234/);
    expect(await docker.print(['stats', '--no-stream', '--format', '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}', 'seen'])).toMatch(
      /^seen \d+\.\d\d% [\d.]+\w+ \/ [\d.]+\w+ 1$/,
    );
  });

  test('lists by name, label, status and exit code, and with sizes', async () => {
    await docker.print(['run', '--name', 'first', '--label', 'group=x', 'host:busybox', 'sh', '-c', 'echo 12345 >/file']);
    expect((await docker.run(['run', '--name', 'other', 'host:busybox', 'false'])).exitCode).toBe(1);
    const names = (...flags: readonly string[]): Promise<string> => docker.print(['ps', '-a', '--format', '{{.Names}}', ...flags]);
    expect(await names()).toBe('other\nfirst');
    expect(await names('--filter', 'name=fir')).toBe('first');
    expect(await names('--filter', 'label=group=x')).toBe('first');
    expect(await names('--filter', 'exited=1')).toBe('other');
    expect(await names('--filter', 'status=running')).toBe('');
    expect(await names('--filter', 'since=first')).toBe('other');
    expect(await names('-n', '1')).toBe('other');
    expect(await docker.print(['ps', '-as', '--filter', 'name=first', '--format', '{{.Size}}'])).toMatch(/^\d.*B \(virtual .*MB\)$/);
    expect(await docker.print(['container', 'prune', '-f'])).toMatch(/Deleted Containers:[^]*Total reclaimed space/);
    expect(await names()).toBe('');
  });

  test('runs twenty at the same time', async () => {
    const numbers = Array.from({ length: 20 }, (_none, index) => index);
    const ran = await Promise.all(numbers.map((n) => docker.run(['run', '--rm', 'host:busybox', 'sh', '-c', `echo ${n}; exit ${n}`])));
    expect(ran.map(({ stdout, exitCode }) => [stdout, exitCode])).toEqual(numbers.map((n) => [`${n}\n`, n]));
    await expect.poll(() => docker.print(['ps', '-aq']), { timeout: 20_000 }).toBe('');
  }, 60_000);
});
