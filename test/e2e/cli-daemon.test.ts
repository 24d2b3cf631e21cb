import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';

// Real daemons and real programs, on machines that do other things too.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon();
  await daemon.print(['pull', '-q', 'host:busybox']);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

describe('a daemon that is killed and started again', () => {
  test('knows what ran, what ended meanwhile and what was written, and numbers its events on', async () => {
    const script = (more: string): readonly string[] => ['host:busybox', 'sh', '-c', more];
    await daemon.print(['run', '-d', '--name', 'runs', ...script('i=0; while :; do i=$((i+1)); echo line $i; sleep 0.05; done')]);
    await daemon.print(['run', '-d', '--name', 'ends', ...script('until [ -e /go ]; do sleep 0.02; done; echo bye; exit 33')]);
    const { seq } = await daemon.client.system.snapshot();
    const { pid } = await daemon.client.containers.inspect('ends');
    await daemon.restartAfter('SIGKILL', async () => {
      await writeFile(`/proc/${pid}/root/go`, '');
      while ((await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')) !== '') await new Promise((resolve) => setTimeout(resolve, 20));
    });
    expect(await daemon.print(['wait', 'ends'])).toBe('33');
    expect(await daemon.print(['logs', 'ends'])).toBe('bye');
    expect((await daemon.client.containers.inspect('runs')).status).toBe('running');
    expect(await daemon.print(['exec', 'runs', 'echo', 'again'])).toBe('again');
    await daemon.print(['stop', '-t', '0', 'runs']);
    const lines = (await daemon.print(['logs', 'runs'])).split('\n');
    expect(lines).toEqual(lines.map((_line, index) => `line ${index + 1}`));
    const names: string[] = [];
    const over = new AbortController();
    const events = await daemon.client.events.range();
    expect(events.map((event) => event.seq)).toEqual(events.map((_event, index) => (events[0]?.seq ?? 0) + index));
    for await (const { name, event } of daemon.client.events.follow({ since: seq, signal: over.signal })) {
      if (name === 'container:exited') names.push(event.name);
      if (names.length === 2) over.abort();
    }
    expect(names.toSorted()).toEqual(['ends', 'runs']);
    await daemon.print(['rm', 'runs', 'ends']);
  });

  test('lets containers run on when it is asked to end', async () => {
    await daemon.print(['run', '-d', '--name', 'stays', 'host:busybox', 'sleep', '1000']);
    const before = await daemon.client.containers.inspect('stays');
    await daemon.restart('SIGTERM');
    const after = await daemon.client.containers.inspect('stays');
    expect([after.status, after.pid, after.startedAt]).toEqual(['running', before.pid, before.startedAt]);
    await daemon.print(['rm', '-f', 'stays']);
  });
});

test('a daemon in the background is started once, found, and stopped by its pid file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'jocker-background-'));
  const folders = [
    '--socket',
    join(directory, 'jocker.sock'),
    '--data-root',
    join(directory, 'data'),
    '--run-root',
    join(directory, 'run'),
  ];
  const ask = (verb: string): ReturnType<TestDaemon['jocker']> => daemon.jocker(['daemon', verb, ...folders]);
  try {
    expect(await ask('status')).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('no daemon answers') as string });
    expect(await daemon.print(['daemon', 'start', ...folders])).toContain('started; it answers on');
    expect(await daemon.print(['daemon', 'start', ...folders])).toContain('answers on');
    const pid = (await readFile(join(directory, 'run/jocker.pid'), 'utf8')).split(' ')[0] ?? '';
    expect((await ask('status')).stdout).toContain(`process ${pid}`);
    expect(await ask('stop')).toMatchObject({ exitCode: 0, stdout: 'stopped\n' });
    await expect(readFile(join(directory, 'run/jocker.pid'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await ask('status')).exitCode).toBe(1);
    expect(await ask('stop')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('no daemon of') as string });
    await writeFile(join(directory, 'config.json'), '{ "wrong": 1 }');
    const refused = await daemon.jocker(['daemon', 'start', ...folders, '--config', join(directory, 'config.json')]);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('has the key wrong') as string });
    const failed = await daemon.jocker(['daemon', 'start', ...folders, '--socket', '/tmp/jocker-test.sock']);
    expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^jocker: others may write in .*\n$/) as string });
  } finally {
    await ask('stop');
    await rm(directory, { recursive: true });
  }
});

test("a plugin of a third party uses the daemon's own core and gets its options", async () => {
  const plugin = join(daemon.directory, 'a-plugin');
  await mkdir(plugin);
  await writeFile(join(plugin, 'package.json'), '{ "name": "a-plugin", "type": "module", "exports": "./plugin.ts" }');
  await writeFile(
    join(plugin, 'plugin.ts'),
    `import { definePlugin, JockerError } from '@jocker/core';
export default definePlugin<{ word: string }>({
  name: 'a-plugin',
  setup(context, options) {
    context.provide('admissionRule', () => ({
      name: 'no-words',
      decide(request) {
        if (request.name === options.word) throw new JockerError('permission-denied', 'the word is ' + options.word);
        return { allowed: true };
      },
    }));
  },
});
`,
  );
  await writeFile(
    join(daemon.directory, 'config.json'),
    JSON.stringify({ plugins: [{ use: './a-plugin', options: { word: 'forbidden' } }] }),
  );
  await using other = await startDaemon(['--config', join(daemon.directory, 'config.json')]);
  expect(await other.print(['plugins', '--format', 'json'])).toContain('"name":"a-plugin"');
  await other.print(['pull', '-q', 'host:busybox']);
  expect(await other.jocker(['run', '--rm', '--name', 'forbidden', 'host:busybox', 'true'])).toMatchObject({
    exitCode: 125,
    stderr: expect.stringContaining('the word is forbidden') as string,
  });
  expect(await other.print(['run', '--rm', '--name', 'allowed', 'host:busybox', 'echo', 'yes'])).toBe('yes');
});

test('the two calls of the walkthrough run a container and a command in it', async () => {
  const post = (path: string, body: unknown): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = request({ socketPath: daemon.socketPath, path, method: 'POST', agent: false }, (answer) => {
        text(answer).then(resolve, reject);
      });
      sent.on('error', reject).end(JSON.stringify(body));
    });
  expect(JSON.parse(await post('/run', { image: 'host:busybox', name: 'walk', cmd: ['sleep', '1000'] }))).toEqual({
    status: 'started',
    name: 'walk',
  });
  expect(await post('/exec', { name: 'walk', cmd: ['sh', '-c', 'echo through; echo and through >&2'] })).toContain('through\n');
  await daemon.print(['rm', '-f', 'walk']);
});

test('events show a run from its creation to its removal', async () => {
  const before = new Date().toISOString();
  await daemon.print(['run', '--rm', '--name', 'seen', 'host:busybox', 'true']);
  const lines = (
    await daemon.print(['events', '--since', before, '--until', new Date().toISOString(), '-f', 'container=seen', '--format', 'json'])
  ).split('\n');
  const names = lines.map((line) => (JSON.parse(line) as { name: string }).name).filter((name) => name.startsWith('container:'));
  expect(names).toEqual(expect.arrayContaining(['container:created', 'container:started', 'container:exited', 'container:removed']));
  expect(names.indexOf('container:created')).toBeLessThan(names.indexOf('container:started'));
  expect(names.indexOf('container:exited')).toBeLessThan(names.indexOf('container:removed'));
});
