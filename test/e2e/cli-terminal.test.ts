import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { sitAtTerminal } from '../support/terminal.ts';

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

const ctrlC = '\x03';
const ctrlP = '\x10';
const ctrlQ = '\x11';
// The prompt and the answers are told apart from what the terminal echoes.
const shell = ['host:busybox', 'sh', '-c', 'export PS1="@> "; exec sh'];

describe('run -it', () => {
  test('is a terminal of the size of this one, follows its resizing, and ends with the code of its shell', async () => {
    await using user = sitAtTerminal(daemon, ['run', '-it', '--rm', ...shell], [91, 37]);
    await user.sees('@> ');
    user.types('stty size; tty\r');
    await user.sees('37 91\r\n');
    await user.sees('/dev/pts/0\r\n');
    user.resizes(120, 50);
    user.types('until [ "$(stty size)" = "50 120" ]; do sleep 0.1; done; echo re""sized\r');
    await user.sees('resized\r\n');
    user.types('exit 42\r');
    expect(await user.ends).toBe(42);
  });

  test('gives ctrl-c to the process, not to this program', async () => {
    await using user = sitAtTerminal(daemon, ['run', '-it', '--rm', ...shell]);
    await user.sees('@> ');
    user.types('echo sle""eping; sleep 1000\r');
    await user.sees('sleeping\r\n');
    user.types(ctrlC);
    await user.sees('@> ');
    user.types('echo still he""re\r');
    await user.sees('still here\r\n');
    user.types('exit 4\r');
    expect(await user.ends).toBe(4);
  });

  test('is left by ctrl-p ctrl-q and found again by attach', async () => {
    await using user = sitAtTerminal(daemon, ['run', '-it', '--name', 'kept', ...shell]);
    await user.sees('@> ');
    user.types(`A=remembered\r`);
    await user.sees('@> ');
    user.types(ctrlP);
    user.types(ctrlQ);
    expect(await user.ends).toBe(0);
    expect(await daemon.print(['ps', '--format', 'json'])).toContain('"name":"kept"');
    await using again = sitAtTerminal(daemon, ['attach', 'kept']);
    again.types('\r');
    await again.sees('@> ');
    again.types('echo $A\r');
    await again.sees('remembered\r\n');
    again.types('exit 3\r');
    expect(await again.ends).toBe(3);
  });
});

describe('exec -it', () => {
  test('is a terminal of its own in a running container', async () => {
    await daemon.print(['run', '-d', '--name', 'host', 'host:busybox', 'sleep', '1000']);
    await using user = sitAtTerminal(daemon, ['exec', '-it', 'host', 'sh', '-c', 'export PS1="@> "; exec sh'], [100, 30]);
    await user.sees('@> ');
    user.types('stty size; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo is a termi""nal\r');
    await user.sees('30 100\r\n');
    await user.sees('is a terminal\r\n');
    user.resizes(70, 20);
    user.types('until [ "$(stty size)" = "20 70" ]; do sleep 0.1; done; echo re""sized\r');
    await user.sees('resized\r\n');
    user.types('exit 6\r');
    expect(await user.ends).toBe(6);
  });

  test('is refused without a terminal to read from', async () => {
    expect(await daemon.jocker(['exec', '-it', 'host', 'sh'])).toMatchObject({
      exitCode: 125,
      stderr: 'jocker: the input device is not a TTY\n',
    });
  });
});
