import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createExecSession } from './exec-session.ts';

// The wait for a silent child is a timer: one that never fires makes a wait without a reason visible.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('output ends with the process when one of its streams had ended before it was read', async () => {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  stderr.end();
  stderr.resume();
  await finished(stderr);
  const session = createExecSession({
    id: 'e',
    containerId: 'c',
    request: { command: ['echo', 'hello'] },
    workingDir: '/',
    onDetach: () => undefined,
    onExit: () => undefined,
  });
  const { output } = session.attach(false);
  const exited = Promise.resolve({ exitCode: 0 });
  session.run({ pid: 1, stdout, stderr, stdin: undefined, exited, resize: () => undefined, kill: () => undefined });
  stdout.end('hello\n');
  await exited;
  session.finish(0);
  const said: string[] = [];
  for await (const { data } of output) said.push(data.toString());
  expect(said.join('')).toBe('hello\n');
});
