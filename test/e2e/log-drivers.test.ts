import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { dockerCli, type DockerCli } from '../support/docker.ts';

let daemon: TestDaemon;
let docker: DockerCli;
beforeAll(async () => {
  daemon = await startDaemon();
  docker = dockerCli(daemon);
  await daemon.print(['pull', '-q', 'host:busybox']);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

const counting = 'i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.02; done';

describe.each(['crun', 'runc'])('a log of a container of %s', (runtime) => {
  test('keeps the newest lines in order and no more than its files hold', async () => {
    const name = `rotated-${runtime}`;
    const limits = ['--log-opt', 'max-size=1k', '--log-opt', 'max-file=2'];
    await docker.print(['run', '-d', '--runtime', runtime, '--name', name, ...limits, 'host:busybox', 'sh', '-c', counting]);
    const first = async (): Promise<number> => Number(/^line (\d+)/.exec(await docker.print(['logs', name]))?.[1] ?? 0);
    await expect.poll(first, { timeout: 30_000 }).toBeGreaterThan(1);
    await docker.print(['kill', name]);
    const numbers = (await daemon.print(['logs', name])).split('\n').map((line) => Number(line.slice(5)));
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    expect(JSON.parse(await docker.print(['inspect', name, '--format', '{{json .HostConfig.LogConfig}}']))).toEqual({
      Type: 'json-file',
      Config: { 'max-size': '1k', 'max-file': '2' },
    });
  });

  test('of the driver none cannot be read, and both programs say so', async () => {
    const name = `silent-${runtime}`;
    await daemon.print(['run', '--runtime', runtime, '--name', name, '--log-driver', 'none', 'host:busybox', 'echo', 'x']);
    for (const ran of [await docker.run(['logs', name]), await daemon.jocker(['logs', name])]) {
      expect(ran.exitCode).not.toBe(0);
      expect(ran.stderr).toContain('configured logging driver does not support reading');
    }
  });
});

test.each([
  [['--log-driver', 'syslog'], 'syslog'],
  [['--log-opt', 'labels=a'], "unknown log opt 'labels' for json-file log driver"],
  [['--log-opt', 'max-size=0'], 'max-size=0 is not a size'],
])('%j is refused with a sentence and leaves no container', async (flags, sentence) => {
  for (const ran of [
    await docker.run(['create', '--name', 'refused', ...flags, 'host:busybox']),
    await daemon.jocker(['create', '--name', 'refused', ...flags, 'host:busybox']),
  ]) {
    expect(ran.exitCode).not.toBe(0);
    expect(ran.stderr).toContain(sentence);
  }
  expect((await daemon.client.containers.list()).map(({ name }) => name)).not.toContain('refused');
});
