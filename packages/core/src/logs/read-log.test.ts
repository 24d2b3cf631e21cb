import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogEntry } from '../engine/engine.ts';
import { readLog, type ReadLogOptions } from './read-log.ts';
import { rotateLog } from './rotate-log.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-log-'));
  path = join(directory, 'container.log');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const at = (second: number): string => `2026-11-27T12:00:${String(second).padStart(2, '0')}.123456789+00:00`;
const line = (second: number, text: string, stream = 'stdout', flag = 'F'): string => `${at(second)} ${stream} ${flag} ${text}\n`;
const entries = async (options: Partial<ReadLogOptions> = {}): Promise<LogEntry[]> => {
  const all: LogEntry[] = [];
  for await (const entry of readLog({ containerId: 'c', path, ...options })) all.push(entry);
  return all;
};
const texts = async (options: Partial<ReadLogOptions> = {}): Promise<string[]> =>
  (await entries(options)).map(({ data }) => data.toString());

describe('reading', () => {
  test('gives each line with its end, its stream and its time in UTC', async () => {
    await writeFile(path, line(1, 'one') + line(2, 'two', 'stderr'));
    expect(await entries()).toMatchObject([
      { time: '2026-11-27T12:00:01.123456789Z', stream: 'stdout', data: Buffer.from('one\n'), containerId: 'c' },
      { time: '2026-11-27T12:00:02.123456789Z', stream: 'stderr', data: Buffer.from('two\n') },
    ]);
  });

  test('gives a part of a line without a line end', async () => {
    await writeFile(path, line(1, 'a', 'stdout', 'P') + line(1, 'b', 'stdout', 'P') + line(1, '', 'stdout', 'F'));
    expect(await texts()).toEqual(['a', 'b', '\n']);
  });

  test('converts times of other zones', async () => {
    await writeFile(path, '2026-11-27T14:30:00.123456789+02:30 stdout F x\n');
    expect((await entries())[0]?.time).toBe('2026-11-27T12:00:00.123456789Z');
  });

  test('keeps bytes that are not text, also where they look like records or cross a chunk', async () => {
    const parts: Buffer[] = [];
    const expected: Buffer[] = [];
    for (let count = 0; count < 300; count += 1) {
      const data = Buffer.from(randomBytes(8000).map((byte) => (byte === 0x0a ? 0x0b : byte)));
      parts.push(Buffer.from(`${at(1)} stdout P `), data, Buffer.from('\n'));
      expected.push(data);
    }
    await writeFile(path, Buffer.concat(parts));
    const read = Buffer.concat((await entries()).map(({ data }) => data));
    expect(read.equals(Buffer.concat(expected))).toBe(true);
  });

  test('skips what a crash left in the middle and gives an unfinished record at the end', async () => {
    await writeFile(path, `${line(1, 'one')}${'\0'.repeat(100)}\nnot a record\n${line(2, 'two')}${at(3)} stdout F thr`);
    expect(await texts()).toEqual(['one\n', 'two\n', 'thr']);
  });

  test('of a log that is not there gives nothing', async () => {
    expect(await texts()).toEqual([]);
    expect(await texts({ tail: 3 })).toEqual([]);
  });

  test('gives the wanted stream only', async () => {
    await writeFile(path, line(1, 'out') + line(2, 'err', 'stderr'));
    expect(await texts({ stdout: false })).toEqual(['err\n']);
    expect(await texts({ stderr: false })).toEqual(['out\n']);
  });

  test('gives what lies between two times, both included', async () => {
    await writeFile(path, [1, 2, 3, 4, 5].map((second) => line(second, `${second}`).replace('123456789', '000000000')).join(''));
    const since = new Date('2026-11-27T12:00:02Z');
    const until = new Date('2026-11-27T12:00:04Z');
    expect(await texts({ since, until })).toEqual(['2\n', '3\n', '4\n']);
  });
});

describe('tail', () => {
  test.each([0, 1, 2, 5, 9, 50])('%i gives the last lines', async (tail) => {
    const all = Array.from({ length: 9 }, (_, index) => `line ${index}`);
    await writeFile(path, all.map((text, index) => line(index, text)).join(''));
    expect(await texts({ tail })).toEqual(all.slice(Math.max(0, 9 - tail)).map((text) => `${text}\n`));
  });

  test('reads far enough back over blocks', async () => {
    const all = Array.from({ length: 400 }, (_, index) => `${index} ${'x'.repeat(index * 7)}`);
    await writeFile(path, all.map((text) => line(1, text)).join(''));
    expect(await texts({ tail: 123 })).toEqual(all.slice(-123).map((text) => `${text}\n`));
  });

  test('counts a line in parts as one', async () => {
    await writeFile(
      path,
      line(1, 'one') + line(2, 'tw', 'stdout', 'P') + line(2, 'o') + line(3, 'thr', 'stdout', 'P') + line(3, 'e', 'stdout', 'P'),
    );
    expect((await texts({ tail: 1 })).join('')).toBe('thre');
    expect((await texts({ tail: 2 })).join('')).toBe('two\nthre');
  });

  test('counts lines of the wanted stream', async () => {
    await writeFile(path, line(1, 'out') + line(2, 'err', 'stderr') + line(3, 'err', 'stderr'));
    expect(await texts({ tail: 1, stderr: false })).toEqual(['out\n']);
  });
});

describe('rotation', () => {
  const rotate = async (keep = 3): Promise<void> => {
    await rotateLog({ path, limitBytes: 1, keep, reopen: () => writeFile(path, '') });
  };

  test('keeps the order of lines over its files, for tail and cursors too', async () => {
    for (const text of ['one', 'two', 'three']) {
      await appendFile(path, line(1, text));
      if (text !== 'three') await rotate();
    }
    expect(await texts()).toEqual(['one\n', 'two\n', 'three\n']);
    expect(await texts({ tail: 2 })).toEqual(['two\n', 'three\n']);
    const [first] = await entries();
    expect(await texts({ after: first?.cursor ?? '' })).toEqual(['two\n', 'three\n']);
  });

  test('drops the oldest file past the number to keep', async () => {
    for (const text of ['one', 'two', 'three', 'four']) {
      await appendFile(path, line(1, text));
      await rotate();
    }
    expect(await texts()).toEqual(['three\n', 'four\n']);
  });

  test('leaves a small log alone, and makes up for a reopen that did not happen', async () => {
    await writeFile(path, line(1, 'one'));
    expect(await rotateLog({ path, limitBytes: 1000, keep: 2, reopen: () => Promise.reject(new Error('not expected')) })).toBe(false);
    await rename(path, `${path}.1`);
    let reopened = 0;
    await rotateLog({ path, limitBytes: 1000, keep: 2, reopen: async () => void (reopened += 1) });
    expect(reopened).toBe(1);
  });

  test('with a cursor whose file is gone begins at the oldest that is kept', async () => {
    await appendFile(path, line(1, 'one'));
    const cursor = (await entries())[0]?.cursor ?? '';
    for (const text of ['two', 'three', 'four']) {
      await rotate(2);
      await appendFile(path, line(1, text));
    }
    expect(await texts({ after: cursor })).toEqual(['three\n', 'four\n']);
  });
});

describe('following', () => {
  test('gives new lines as they come, over a rotation, and ends after what was written before the exit', async () => {
    await writeFile(path, line(1, 'one'));
    const exit = Promise.withResolvers<void>();
    const reading = readLog({ containerId: 'c', path, followUntil: exit.promise });
    const next = async (): Promise<string | undefined> => (await reading.next()).value?.data.toString();
    expect(await next()).toBe('one\n');
    const second = next();
    await appendFile(path, line(2, 'two'));
    expect(await second).toBe('two\n');
    const third = next();
    await rename(path, `${path}.1`);
    await appendFile(`${path}.1`, line(3, 'three'));
    await writeFile(path, line(4, 'four'));
    expect(await third).toBe('three\n');
    expect(await next()).toBe('four\n');
    const fifth = next();
    await appendFile(path, line(5, 'five'));
    exit.resolve();
    expect(await fifth).toBe('five\n');
    expect(await next()).toBeUndefined();
  });

  test('begins before the log is there', async () => {
    const exit = Promise.withResolvers<void>();
    const reading = readLog({ containerId: 'c', path, followUntil: exit.promise });
    const first = reading.next();
    await writeFile(path, line(1, 'one'));
    expect((await first).value?.data.toString()).toBe('one\n');
    exit.resolve();
    expect((await reading.next()).done).toBe(true);
  });

  test('ends quietly when the reader goes', async () => {
    await writeFile(path, line(1, 'one'));
    const controller = new AbortController();
    const reading = readLog({ containerId: 'c', path, followUntil: new Promise(() => undefined), signal: controller.signal });
    await reading.next();
    const second = reading.next();
    controller.abort();
    expect((await second).done).toBe(true);
  });

  test('ends at the time that was given', async () => {
    await writeFile(path, line(1, 'one'));
    expect(await texts({ followUntil: new Promise(() => undefined), until: new Date('2026-11-27T12:00:30Z') })).toEqual(['one\n']);
  });
});
