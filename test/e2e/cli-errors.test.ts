import { writeFile } from 'node:fs/promises';
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
// Nothing that is refused leaves a container behind.
afterEach(async () => {
  expect(await daemon.print(['ps', '-aq'])).toBe('');
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

describe('is refused in one sentence', () => {
  test.each<[string, readonly string[], number, RegExp]>([
    ['a command that is not there', ['run', '--rm', 'host:busybox', 'nosuch'], 127, /nosuch/],
    ['a command that is no program', ['run', '--rm', 'host:busybox', '/etc'], 126, /\/etc/],
    ['an invalid reference', ['run', 'Not/A/Reference:::'], 125, /Not\/A\/Reference/],
    ['an unknown program of the host', ['run', 'host:nosuchprogram'], 125, /nosuchprogram/],
    ['a registry that is not there', ['pull', '127.0.0.1:1/a:b'], 1, /127\.0\.0\.1:1/],
    ['an image that may not be pulled', ['run', '--pull', 'never', 'nosuch'], 125, /nosuch/],
    ['an unknown user', ['run', '-u', 'nobodyknows', 'host:busybox', 'true'], 125, /nobodyknows/],
    ['too little memory', ['run', '-m', '1k', 'host:busybox', 'true'], 125, /memory/],
    ['a size that is none', ['run', '-m', 'much', 'host:busybox', 'true'], 125, /--memory much/],
    ['CPUs that are none', ['run', '--cpus', 'two', 'host:busybox', 'true'], 125, /--cpus two/],
    ['a name that is none', ['run', '--name', 'a b', 'host:busybox', 'true'], 125, /a b/],
    ['a port that is none', ['run', '-p', '80:http', 'host:busybox', 'true'], 125, /--publish 80:http/],
    ['an unknown capability', ['run', '--cap-add', 'FLYING', 'host:busybox', 'true'], 125, /FLYING/],
    ['an unknown runtime', ['run', '--runtime', 'nosuch', 'host:busybox', 'true'], 125, /nosuch/],
    ['an unknown signal', ['run', '--stop-signal', 'SIGNOPE', 'host:busybox', 'true'], 125, /SIGNOPE/],
    ['an unknown network', ['run', '--network', 'nosuch', 'host:busybox', 'true'], 125, /network/],
    ['an unknown flag', ['run', '--nosuch', 'host:busybox'], 125, /--nosuch/],
    ['an unknown command', ['nosuch'], 125, /nosuch/],
    ['an unknown container', ['start', 'nosuch'], 1, /nosuch/],
    ['an exec in an unknown container', ['exec', 'nosuch', 'true'], 125, /nosuch/],
    ['logs of an unknown container', ['logs', 'nosuch'], 1, /nosuch/],
    ['inspect of what is not there', ['inspect', 'nosuch'], 1, /nosuch/],
    ['an unknown filter', ['ps', '-f', 'colour=red'], 1, /colour=red/],
    ['an unknown format', ['ps', '--format', 'yaml'], 125, /yaml/],
    ['an unknown image to remove', ['rmi', 'nosuch'], 1, /nosuch/],
  ])('%s', async (_what, args, exitCode, message) => {
    const ran = await daemon.jocker(args);
    const sentences = ran.stderr
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('(Did you mean'));
    expect([ran.exitCode, sentences]).toEqual([exitCode, [expect.stringMatching(message)]]);
    if (args[0] !== 'inspect') expect(ran.stdout).toBe('');
  });

  test('a mount source that is not there, when it may not be made', async () => {
    await expect(
      daemon.client.containers.create({ image: 'host:busybox', mounts: [{ type: 'bind', source: '/no/such/source', target: '/x' }] }),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^(invalid-argument|not-found)$/) as string,
      message: expect.stringContaining('/no/such/source') as string,
    });
  });

  test('a daemon that is not there', async () => {
    expect(await daemon.jocker(['-H', 'unix:///nowhere/jocker.sock', 'ps'])).toMatchObject({
      exitCode: 1,
      stderr: 'jocker: no jocker daemon answers on /nowhere/jocker.sock\n',
    });
    expect(await daemon.jocker(['ps'], { env: { JOCKER_HOST: 'tcp://1.2.3.4' } })).toMatchObject({
      exitCode: 1,
      stderr: 'jocker: the host tcp://1.2.3.4 is not of the form unix:///path/to.sock\n',
    });
  });
});

test('a name in use is refused, and the container that has it is untouched', async () => {
  await daemon.print(['create', '--name', 'taken', 'host:busybox', 'true']);
  const ran = await daemon.jocker(['run', '--name', 'taken', 'host:busybox', 'true']);
  expect(ran).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('taken') as string });
  expect(await daemon.print(['ps', '-a', '--format', 'json'])).toContain('"status":"created"');
  await daemon.print(['rm', 'taken']);
});

test('stopping a stopped container says so and is no failure, as in docker', async () => {
  await daemon.print(['run', '--name', 'done', 'host:busybox', 'true']);
  const ran = await daemon.jocker(['stop', 'done']);
  expect(ran).toMatchObject({ exitCode: 0, stdout: 'done\n', stderr: expect.stringContaining('done is not running') as string });
  await daemon.print(['rm', 'done']);
});

describe('serve is refused in one sentence', () => {
  const serve = (args: readonly string[]): ReturnType<TestDaemon['jocker']> =>
    daemon.jocker(['serve', '--run-root', join(daemon.directory, 'run2'), '--data-root', join(daemon.directory, 'data2'), ...args]);

  test('with a wrong key in its config file, by name', async () => {
    const config = join(daemon.directory, 'config.json');
    await writeFile(config, '{ "insecureRegistry": ["a"] }');
    expect(await serve(['--config', config])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('has the key insecureRegistry, which is not one of') as string,
    });
    await writeFile(config, '{ "insecureRegistries": "a" }');
    expect(await serve(['--config', config])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('has insecureRegistries, which is not a list of hosts') as string,
    });
    await writeFile(config, '{');
    expect(await serve(['--config', config])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is not JSON') as string });
  });

  test('on a socket where a daemon answers, and on a data root that one has', async () => {
    expect(await serve(['--socket', daemon.socketPath])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`a daemon already answers on ${daemon.socketPath}`) as string,
    });
    const taken = await daemon.jocker([
      'serve',
      '--run-root',
      join(daemon.directory, 'run2'),
      '--data-root',
      join(daemon.directory, 'data'),
      '--socket',
      join(daemon.directory, 'second.sock'),
    ]);
    expect(taken).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(join(daemon.directory, 'data')) as string });
  });

  test('on a socket path that is too long, or in a directory that others may write', async () => {
    expect(await serve(['--socket', join(daemon.directory, 'x'.repeat(120))])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('the system allows 107') as string,
    });
    expect(await serve(['--socket', '/tmp/jocker-test.sock'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('others may write in the socket directory /tmp') as string,
    });
  });
});
