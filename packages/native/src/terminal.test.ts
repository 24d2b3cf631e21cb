import { closeSync, readSync } from 'node:fs';
import { expect, test } from 'vitest';
import { native } from './load-native.ts';

test('a new terminal shows its other side the size that it was given, and does not block when there is nothing to read', async () => {
  const [master, slave] = native().openTerminal();
  try {
    native().setWindowSize(master, 133, 40);
    const child = native().spawn({
      file: '/bin/sh',
      args: ['sh', '-c', 'stty size'],
      env: ['PATH=/usr/bin:/bin'],
      descriptors: [slave, slave, slave],
    });
    expect(await child.exited).toEqual({ exitCode: 0, signal: 0 });
    const buffer = Buffer.alloc(100);
    expect(buffer.toString('utf8', 0, readSync(master, buffer))).toBe('40 133\r\n');
    expect(() => readSync(master, buffer)).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
  } finally {
    closeSync(master);
    closeSync(slave);
  }
});
