import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';

// Real daemons and real programs, on machines that do other things too.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.each(['crun', 'runc'])('run with %s', (runtime) => {
  let daemon: TestDaemon;
  beforeAll(async () => {
    daemon = await startDaemon(['--runtime', runtime]);
    await daemon.print(['pull', '-q', 'host:busybox']);
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
  });
  const inside = (flags: readonly string[], script: string): Promise<string> =>
    daemon.print(['run', '--rm', ...flags, 'host:busybox', 'sh', '-c', script]);

  test('gives the command its own output, errors and exit code', async () => {
    expect(await daemon.jocker(['run', '--rm', 'host:busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7'])).toMatchObject({
      exitCode: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  test('passes arguments as they are, also those that look like flags', async () => {
    expect(await daemon.print(['run', '--rm', 'host:busybox', 'echo', '-n', '--rm', 'a  b', '$HOME', '*'])).toBe('--rm a  b $HOME *');
  });

  test('sets environment, working directory, user and host name', async () => {
    await writeFile(join(daemon.directory, 'env'), '# a comment\nFROM_FILE=file\n');
    const flags = [
      '-e',
      'A=1',
      '-e',
      'HERE',
      '--env-file',
      join(daemon.directory, 'env'),
      '-w',
      '/tmp/made',
      '-u',
      '12:34',
      '--hostname',
      'box',
    ];
    const ran = await daemon.jocker(
      ['run', '--rm', ...flags, 'host:busybox', 'sh', '-c', 'echo $A $HERE $FROM_FILE; pwd; id -u; id -g; hostname'],
      {
        env: { HERE: 'here' },
      },
    );
    expect(ran.stdout.split('\n')).toEqual(['1 here file', '/tmp/made', '12', '34', 'box', '']);
  });

  test('mounts a relative directory writable, and one read-only that is', async () => {
    await mkdir(join(daemon.directory, 'shared'), { recursive: true });
    const script = 'echo in >/a/file; cat /b/file; (echo x >/b/file) 2>/dev/null || echo refused';
    const ran = await daemon.jocker(
      ['run', '--rm', '-v', './shared:/a', '-v', `${daemon.directory}/shared:/b:ro`, 'host:busybox', 'sh', '-c', script],
      {
        cwd: daemon.directory,
      },
    );
    expect(ran.stdout).toBe('in\nrefused\n');
    expect(await readFile(join(daemon.directory, 'shared/file'), 'utf8')).toBe('in\n');
  });

  test('mounts memory of a size and mode', async () => {
    expect(
      await inside(['--tmpfs', '/scratch:size=1m,mode=700'], 'stat -c %a /scratch; df -k /scratch | tail -1 | tr -s " " | cut -d" " -f1,2'),
    ).toBe('700\ntmpfs 1024');
  });

  test('replaces the entrypoint', async () => {
    expect(await daemon.print(['run', '--rm', '--entrypoint', '/bin/echo', 'host:busybox', 'hello'])).toBe('hello');
  });

  test('makes the root file system read-only', async () => {
    expect(await inside(['--read-only'], '(echo x >/file) 2>/dev/null || echo refused')).toBe('refused');
  });

  test('limits memory, CPUs and processes in the cgroup', async () => {
    const files = 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max';
    const filesOfV1 = 'cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us pids/pids.max';
    const limits = await inside(
      ['--memory', '64m', '--cpus', '0.5', '--pids-limit', '77'],
      `if [ -e /sys/fs/cgroup/memory.max ]; then ${files}; else cd /sys/fs/cgroup; ${filesOfV1}; fi`,
    );
    expect(limits.split(/\s+/)).toEqual([String(64 * 2 ** 20), '50000', '100000', '77']);
  });

  test('adds and drops capabilities, and gives all that there are when privileged', async () => {
    const effective = async (flags: readonly string[]): Promise<bigint> =>
      BigInt(`0x${(await inside(flags, 'grep CapEff /proc/self/status')).split('\t')[1] ?? ''}`);
    const has = (set: bigint, bit: number): boolean => ((set >> BigInt(bit)) & 1n) === 1n;
    const [chown, netAdmin, sysAdmin] = [0, 12, 21];
    const changed = await effective(['--cap-drop', 'CHOWN', '--cap-add', 'NET_ADMIN']);
    expect([has(changed, chown), has(changed, netAdmin), has(changed, sysAdmin)]).toEqual([false, true, false]);
    expect(has(await effective(['--privileged']), sysAdmin)).toBe(true);
    expect(await effective(['--cap-drop', 'ALL'])).toBe(0n);
  });

  test('has no network but loopback, or that of the host', async () => {
    expect(await inside(['--network', 'none'], 'ls /sys/class/net')).toBe('lo');
    expect(await inside(['--network', 'host'], 'readlink /proc/self/ns/net')).toBe(await readlink('/proc/self/ns/net'));
  });

  test('keeps labels and the stop signal, and stops by that signal', async () => {
    const script = 'trap "echo got usr1; exit 9" USR1; echo ready; while :; do sleep 0.05; done';
    await daemon.print(['run', '-d', '--name', 'signalled', '--label', 'a=b', '--stop-signal', 'USR1', 'host:busybox', 'sh', '-c', script]);
    for await (const _entry of daemon.client.containers.logs('signalled', { follow: true })) break;
    expect(await daemon.print(['ps', '-q', '--no-trunc', '--filter', 'label=a=b'])).toMatch(/^[0-9a-f]{64}$/);
    await daemon.print(['stop', 'signalled']);
    expect(await daemon.print(['logs', 'signalled'])).toBe('ready\ngot usr1');
    expect(await daemon.print(['wait', 'signalled'])).toBe('9');
    await daemon.print(['rm', 'signalled']);
  });

  test('uses the runtime that was asked for', async () => {
    await daemon.print(['create', '--name', 'other', '--runtime', runtime === 'crun' ? 'runc' : 'crun', 'host:busybox', 'true']);
    expect((await daemon.client.containers.inspect('other')).runtime).toBe(runtime === 'crun' ? 'runc' : 'crun');
    await daemon.print(['start', '-a', 'other']);
    await daemon.print(['rm', 'other']);
  });

  test('with --rm leaves nothing, without it a container that is listed', async () => {
    await daemon.print(['run', '--name', 'kept', 'host:busybox', 'true']);
    expect(await daemon.print(['ps', '-a', '--format', 'json'])).toContain('"name":"kept"');
    await daemon.print(['rm', 'kept']);
    expect(await daemon.print(['ps', '-aq'])).toBe('');
  });

  test('twenty at once keep their output apart', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `number ${index}`);
    const outputs = await Promise.all(names.map((name) => inside([], `echo ${name}`)));
    expect(outputs).toEqual(names);
  });
});
