import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listenOnSocket } from './listen-on-socket.ts';

let directory: string;
let servers: Server[];
beforeEach(async () => {
  servers = [];
  directory = await mkdtemp(join(tmpdir(), 'jocker-socket-'));
});
afterEach(async () => {
  for (const server of servers) server.close();
  await rm(directory, { recursive: true });
});

async function listen(path: string): Promise<void> {
  const server = createServer();
  await listenOnSocket(server, path);
  servers.push(server);
}

describe('the socket', () => {
  test('may be used by its owner and group only', async () => {
    await listen(join(directory, 'a.sock'));
    expect((await stat(join(directory, 'a.sock'))).mode & 0o777).toBe(0o660);
  });

  test('is refused where a daemon answers already', async () => {
    const path = join(directory, 'a.sock');
    await listen(path);
    await expect(listen(path)).rejects.toMatchObject({ code: 'already-exists', message: `a daemon already answers on ${path}` });
  });

  test('replaces one that a killed daemon left', async () => {
    const path = join(directory, 'a.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await promisify(execFile)(process.execPath, ['-e', script]).catch(() => undefined);
    expect((await stat(path)).isSocket()).toBe(true);
    await expect(listen(path)).resolves.toBeUndefined();
  });

  test('never replaces a file of another kind', async () => {
    const path = join(directory, 'a.sock');
    await writeFile(path, 'precious');
    await expect(listen(path)).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  test('is refused in a directory that others may write, or that is not there', async () => {
    await mkdir(join(directory, 'open'));
    await chmod(join(directory, 'open'), 0o777);
    await expect(listen(join(directory, 'open', 'a.sock'))).rejects.toThrow(/others may write/);
    await expect(listen(join(directory, 'none', 'a.sock'))).rejects.toThrow(/is not there/);
  });

  test('with a path longer than the kernel takes is refused with both lengths', async () => {
    const path = join(directory, 'x'.repeat(120));
    await expect(listen(path)).rejects.toThrow(`has ${Buffer.byteLength(path)} bytes and the system allows 107`);
  });
});
