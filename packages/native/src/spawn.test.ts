import { spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { mountFlags, native, type SpawnOptions } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'jocker-native-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(script: string, options: Partial<SpawnOptions> = {}): Promise<{ exitCode: number; signal: number; output: string }> {
  const [reader, writer] = native().pipe();
  let child;
  try {
    child = native().spawn({
      file: '/bin/sh',
      args: ['sh', '-c', script],
      env: ['PATH=/usr/bin:/bin'],
      descriptors: ['null', writer, writer],
      ...options,
    });
  } finally {
    closeSync(writer);
  }
  const ended = await child.exited;
  const output = readFileSync(reader, 'utf8');
  closeSync(reader);
  return { ...ended, output };
}

describe('spawn', () => {
  it('gives the exit code', async () => {
    expect(await run('exit 7')).toMatchObject({ exitCode: 7, signal: 0 });
  });

  it('gives 128 and the signal when a signal ended the child', async () => {
    expect(await run('kill -KILL $$')).toMatchObject({ exitCode: 137, signal: 9 });
  });

  it('passes only the environment and the directory that it was given', async () => {
    expect(
      (await run('env; pwd', { env: ['A=b', 'PATH=/usr/bin:/bin', 'PWD='], cwd: folder })).output
        .split('\n')
        .toSorted()
        .filter((line) => !/^(_|PWD|SHLVL|OLDPWD)=/.test(line) && line),
    ).toEqual([folder, 'A=b', 'PATH=/usr/bin:/bin'].toSorted());
  });

  it('places descriptors also where they overwrite each other', async () => {
    const first = join(folder, 'first');
    const second = join(folder, 'second');
    const [one, two] = [openSync(first, 'w'), openSync(second, 'w')];
    const low = Math.max(one, two) + 1;
    const descriptors: (number | 'null' | null)[] = Array.from({ length: low }, () => null);
    descriptors[0] = 'null';
    descriptors[one] = two;
    descriptors[two] = one;
    const child = native().spawn({
      file: '/bin/sh',
      args: ['sh', '-c', `echo one >/proc/self/fd/${one}; echo two >/proc/self/fd/${two}`],
      env: ['PATH=/usr/bin:/bin'],
      descriptors,
    });
    expect((await child.exited).exitCode).toBe(0);
    closeSync(one);
    closeSync(two);
    expect([readFileSync(first, 'utf8'), readFileSync(second, 'utf8')]).toEqual(['two\n', 'one\n']);
  });

  it('leaves no other descriptor open in the child', async () => {
    const kept = openSync('/etc/hostname', 'r');
    expect((await run('ls /proc/self/fd | tr "\\n" " "')).output).toBe('0 1 2 3 ');
    closeSync(kept);
  });

  it('gives real pipes, which /dev/stdout can reopen', async () => {
    expect((await run('echo again > /dev/stdout')).output).toBe('again\n');
  });

  it('mounts in a namespace that only the child sees', async () => {
    writeFileSync(join(folder, 'marker'), '');
    const source = mkdtempSync(join(folder, 'source-'));
    const target = mkdtempSync(join(folder, 'target-'));
    writeFileSync(join(source, 'inside'), '');
    const mounts = [{ source, target, type: '', flags: mountFlags['bind'] ?? 0, data: '' }];
    expect((await run(`ls ${target}`, { mounts })).output).toBe('inside\n');
    expect(readdirSync(target)).toEqual([]);
  });

  it('starts a session of its own when asked', async () => {
    const fields = (await run('cat /proc/self/stat; echo $$', { newSession: true })).output.trim().split('\n');
    expect(fields[0]?.split(') ')[1]?.split(' ')[3]).toBe(fields[1]);
  });

  it('restores the signals that node ignores', async () => {
    expect((await run('grep -E "^Sig(Ign|Blk)" /proc/self/status')).output).toBe('SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n');
  });

  it('names the step that failed and leaves neither child nor descriptor', () => {
    const before = readdirSync('/proc/self/fd').length;
    const start = (options: Partial<SpawnOptions>) => () =>
      native().spawn({ file: '/bin/true', args: ['true'], env: [], descriptors: [], ...options });
    expect(start({ file: '/no/such/file' })).toThrow(expect.objectContaining({ code: 'ENOENT', syscall: 'execve' }));
    expect(start({ cwd: '/no/such/folder' })).toThrow(expect.objectContaining({ code: 'ENOENT', syscall: 'chdir' }));
    expect(start({ descriptors: [99_999] })).toThrow(expect.objectContaining({ code: 'EBADF' }));
    expect(start({ mounts: [{ source: '/no/such', target: folder, type: '', flags: 4096, data: '' }] })).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'mount' }),
    );
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    expect(readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')).toBe('');
  });

  it('refuses arguments of the wrong type', () => {
    const calls = native() as unknown as Record<string, (...values: unknown[]) => unknown>;
    expect(() => calls['spawn']?.({ file: 1 })).toThrow(TypeError);
    expect(() => calls['mount']?.('a\0b', '/', '', 0, '')).toThrow(TypeError);
    expect(() => calls['openat2']?.()).toThrow(TypeError);
  });

  it("does not take the exit of node's own children, nor node of ours", async () => {
    const theirs = Array.from({ length: 10 }, (_, code) => once(nodeSpawn('/bin/sh', ['-c', `exit ${code}`]), 'exit'));
    const ours = Array.from({ length: 10 }, (_, code) => run(`exit ${code}`));
    expect((await Promise.all(theirs)).map(([code]) => code)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect((await Promise.all(ours)).map((child) => child.exitCode)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('works in a worker thread, which may end while all kinds of handles are open', async () => {
    const addon = JSON.stringify(join(import.meta.dirname, '../build/jocker.node'));
    const path = JSON.stringify(join(folder, 'console'));
    const source = `
      const { parentPort } = require('node:worker_threads');
      const native = require(${addon});
      const [reader, writer] = native.pipe();
      native.spawn({ file: '/bin/cat', args: ['cat'], env: [], descriptors: [reader, 'null', 'null'] });
      native.receiveDescriptor(${path}, 60_000).descriptor.catch(() => undefined);
      native.spawn({ file: '/bin/sh', args: ['sh', '-c', 'exit 3'], env: [], descriptors: [] }).exited.then((ended) => parentPort.postMessage({ ended, writer, reader }));`;
    const worker = new Worker(source, { eval: true });
    const [message] = (await once(worker, 'message')) as [{ ended: unknown; writer: number; reader: number }];
    expect(message.ended).toEqual({ exitCode: 3, signal: 0 });
    expect(await worker.terminate()).toBe(1);
    closeSync(message.writer);
    closeSync(message.reader);
  });
});
