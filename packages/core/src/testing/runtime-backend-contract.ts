import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../errors/jocker-error.ts';
import type { OciProcess, OciResources } from '../oci/runtime-spec.ts';
import type { OperationContext } from '../operation/operation-context.ts';
import type { Bundle, ExecRequest, ProcessStreams, RuntimeBackend } from '../runtime/runtime-backend.ts';

/** What an implementation brings to the suite. The root file system has busybox, and `/etc/not-executable` as a plain file. */
export interface RuntimeBackendHarness {
  /** A new object over the same outside state, as a restarted engine makes it. */
  createBackend(): RuntimeBackend & Partial<AsyncDisposable>;
  bundle(id: string, options: BundleOptions): Promise<Bundle>;
  /** Paths and processes that a deleted container left. */
  leftovers(id: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface BundleOptions {
  readonly args: readonly string[];
  readonly tty?: boolean;
  readonly openStdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly resources?: OciResources;
}

const sigterm = 15;
const sigkill = 9;
const silent = (): void => undefined;
const context: OperationContext = {
  signal: new AbortController().signal,
  log: { debug: silent, info: silent, warn: silent, error: silent },
};

export function runtimeBackendContract(name: string, setUp: () => Promise<RuntimeBackendHarness>): void {
  describe(`runtime backend ${name}`, () => {
    let harness: RuntimeBackendHarness;
    let backend: RuntimeBackend & Partial<AsyncDisposable>;
    const made = new Map<string, Bundle>();

    beforeAll(async () => {
      harness = await setUp();
      backend = harness.createBackend();
    });
    afterEach(async () => {
      for (const [id, bundle] of made) await backend.delete(id, bundle, { force: true }, context);
      made.clear();
    });
    afterAll(async () => {
      await backend?.[Symbol.asyncDispose]?.();
      await harness?.close();
    });

    const newId = (): string => randomBytes(32).toString('hex');
    const create = async (
      args: readonly string[],
      options: Omit<BundleOptions, 'args'> = {},
    ): Promise<{ id: string; bundle: Bundle; pid: number }> => {
      const id = newId();
      const bundle = await harness.bundle(id, { args, ...options });
      made.set(id, bundle);
      const { pid } = await backend.create(id, bundle, context);
      return { id, bundle, pid };
    };
    const run = async (args: readonly string[], options: Omit<BundleOptions, 'args'> = {}): Promise<{ id: string; bundle: Bundle }> => {
      const container = await create(args, options);
      await backend.start(container.id, container.bundle, context);
      return container;
    };
    const exec = async (id: string, bundle: Bundle, args: readonly string[], options: Partial<ExecRequest> = {}) => {
      const process: OciProcess = { ...bundle.spec.process, args: [...args], terminal: options.tty ?? false };
      return await backend.exec(id, bundle, { execId: newId(), tty: false, openStdin: false, ...options, process }, context);
    };
    const logText = async (bundle: Bundle): Promise<string> => await readFile(bundle.logPath ?? '', 'utf8');

    describe('main process', () => {
      test.each([
        [['true'], 0],
        [['false'], 1],
        [['sh', '-c', 'exit 42'], 42],
      ])('%j ends with its own exit code', async (args, exitCode) => {
        const { id, bundle } = await run(args);
        expect(await backend.exit(id, bundle, context)).toMatchObject({ exitCode, oomKilled: false });
      });

      test('is not running before start, and running after', async () => {
        const { id, bundle, pid } = await create(['sleep', '1000']);
        expect(await backend.state(id, bundle, context)).toEqual({ status: 'created', pid });
        await backend.start(id, bundle, context);
        expect(await backend.state(id, bundle, context)).toEqual({ status: 'running', pid });
      });

      test('that is killed ends with 128 and the signal', async () => {
        const { id, bundle } = await run(['sleep', '1000']);
        await backend.kill(id, sigkill, bundle, context);
        expect(await backend.exit(id, bundle, context)).toMatchObject({ exitCode: 137, oomKilled: false });
        expect(await backend.state(id, bundle, context)).toEqual({ status: 'stopped', pid: 0 });
      });

      test('gets signals that it handles', async () => {
        const { id, bundle } = await create(['sh', '-c', 'trap "exit 3" TERM; echo ready; sleep 1000 & wait']);
        await using streams = await backend.attach(id, bundle, context);
        await backend.start(id, bundle, context);
        await readUntil(streams, 'ready\n');
        await backend.kill(id, sigterm, bundle, context);
        expect(await backend.exit(id, bundle, context)).toMatchObject({ exitCode: 3 });
      });

      test('cannot be signalled once it has ended', async () => {
        const { id, bundle } = await run(['true']);
        await backend.exit(id, bundle, context);
        await expect(backend.kill(id, sigterm, bundle, context)).rejects.toMatchObject({ code: 'failed-precondition' });
      });

      test.each([
        ['/no/such/program', 'command-not-found'],
        ['no-such-program', 'command-not-found'],
        ['/etc/not-executable', 'command-not-executable'],
      ])('%s cannot be run, with reason %s, and leaves nothing', async (program, reason) => {
        const id = newId();
        const bundle = await harness.bundle(id, { args: [program] });
        made.set(id, bundle);
        const error: unknown = await backend
          .create(id, bundle, context)
          .then(() => backend.start(id, bundle, context))
          .catch((failure: unknown) => failure);
        expect(error).toMatchObject({ code: 'invalid-argument' });
        expect(reasonOf(error)).toBe(reason);
        await backend.delete(id, bundle, { force: true }, context);
        expect(await harness.leftovers(id)).toEqual([]);
      });

      test('over its memory limit is killed and marked', async () => {
        const { id, bundle } = await run(['tail', '/dev/zero'], { resources: { memory: { limit: 32 << 20, swap: 32 << 20 } } });
        expect(await backend.exit(id, bundle, context)).toMatchObject({ exitCode: 137, oomKilled: true });
      });
    });

    describe('output', () => {
      test('goes to the log with its streams apart', async () => {
        const { id, bundle } = await run(['sh', '-c', 'echo to-out; echo to-err >&2']);
        await backend.exit(id, bundle, context);
        const log = await logText(bundle);
        expect(log).toMatch(/^\S+ stdout F to-out$/m);
        expect(log).toMatch(/^\S+ stderr F to-err$/m);
      });

      test('goes to every attached reader with its streams apart', async () => {
        const { id, bundle } = await create(['sh', '-c', 'echo to-out; echo to-err >&2']);
        await using first = await backend.attach(id, bundle, context);
        await using second = await backend.attach(id, bundle, context);
        await backend.start(id, bundle, context);
        expect(await collect(first)).toEqual({ stdout: 'to-out\n', stderr: 'to-err\n' });
        expect(await collect(second)).toEqual({ stdout: 'to-out\n', stderr: 'to-err\n' });
      });

      test('of a process whose only reader reads nothing does not stop it', async () => {
        const { id, bundle } = await create(['head', '-c', '4000000', '/dev/zero']);
        await using streams = await backend.attach(id, bundle, context);
        await backend.start(id, bundle, context);
        expect(await backend.exit(id, bundle, context)).toMatchObject({ exitCode: 0 });
        expect((await collect(streams)).stdout.length).toBeLessThanOrEqual(4_000_000);
      });

      test('goes to a new log once the old one was renamed and the monitor told', async () => {
        const { id, bundle } = await create(['sh', '-c', 'echo one; read line; echo two'], { openStdin: true });
        const { rename } = await import('node:fs/promises');
        await using streams = await backend.attach(id, bundle, context);
        await backend.start(id, bundle, context);
        await readUntil(streams, 'one\n');
        await rename(bundle.logPath ?? '', `${bundle.logPath ?? ''}.1`);
        await backend.reopenLog(id, bundle);
        streams.stdin?.write('go\n');
        await backend.exit(id, bundle, context);
        expect(await logText(bundle)).toMatch(/^\S+ stdout F two\n$/);
      });
    });

    describe('input', () => {
      test('of one attached client reaches the process, its end too', async () => {
        const { id, bundle } = await create(['cat'], { openStdin: true, stdinOnce: true });
        await using streams = await backend.attach(id, bundle, context);
        await backend.start(id, bundle, context);
        const data = randomBytes(100_000).toString('hex');
        streams.stdin?.end(data);
        expect((await collect(streams)).stdout === data).toBe(true);
        expect(await backend.exit(id, bundle, context)).toMatchObject({ exitCode: 0 });
      });

      test('stays open for the next client without stdinOnce', async () => {
        const { id, bundle } = await create(['cat'], { openStdin: true });
        await backend.start(id, bundle, context);
        for (const line of ['first\n', 'second\n']) {
          await using streams = await backend.attach(id, bundle, context);
          streams.stdin?.end(line);
          await readUntil(streams, line);
        }
        expect((await backend.state(id, bundle, context)).status).toBe('running');
      });

      test('that is not open is at its end', async () => {
        const { id, bundle } = await run(['cat']);
        expect(await backend.exit(id, bundle, context)).toMatchObject({ exitCode: 0 });
      });

      test('of a terminal is echoed, and the terminal has the size that it was given', async () => {
        const { id, bundle } = await create(['sh', '-c', 'echo ready; while read line; do stty size; done'], {
          tty: true,
          openStdin: true,
        });
        await using streams = await backend.attach(id, bundle, context);
        await backend.start(id, bundle, context);
        await readUntil(streams, 'ready\r\n');
        await backend.resize(id, bundle, { columns: 133, rows: 40 }, context);
        let said = '';
        while (!said.includes('40 133')) {
          streams.stdin?.write('typed\r');
          said = await readUntil(streams, /\d+ \d+\r\n/);
        }
        expect(said).toContain('typed\r\n');
      });
    });

    describe('exec', () => {
      test('keeps its streams apart and gives its exit code', async () => {
        const { id, bundle } = await run(['sleep', '1000']);
        const process = await exec(id, bundle, ['sh', '-c', 'echo to-out; echo to-err >&2; exit 7']);
        const [out, err, { exitCode }] = await Promise.all([text(process.stdout), text(process.stderr), process.exited]);
        expect({ out, err, exitCode }).toEqual({ out: 'to-out\n', err: 'to-err\n', exitCode: 7 });
      });

      test('passes ten megabytes through byte for byte', async () => {
        const { id, bundle } = await run(['sleep', '1000']);
        const process = await exec(id, bundle, ['cat'], { openStdin: true });
        const data = randomBytes(10 << 20);
        process.stdin?.end(data);
        const received: Buffer[] = [];
        for await (const chunk of process.stdout) received.push(chunk as Buffer);
        expect(Buffer.concat(received).equals(data)).toBe(true);
        expect(await process.exited).toEqual({ exitCode: 0 });
      });

      test('with a terminal has the size that it was given at first and then', async () => {
        const { id, bundle } = await run(['sleep', '1000']);
        const process = await exec(id, bundle, ['sh', '-c', 'while read line; do stty size; done'], {
          tty: true,
          openStdin: true,
          size: { columns: 101, rows: 31 },
        });
        const output = process.stdout[Symbol.asyncIterator]();
        /** A runtime may pass a size on a moment later: asks until it is there. */
        const askUntil = async (wanted: string): Promise<void> => {
          for (let answer = ''; !answer.includes(wanted);) {
            process.stdin?.write('\r');
            answer = await readFrom(output, /\d+ \d+\r\n/);
          }
        };
        await askUntil('31 101');
        process.resize({ columns: 133, rows: 40 });
        await askUntil('40 133');
        process.kill(sigkill);
        expect(await process.exited).toEqual({ exitCode: 137 });
      });

      test('ends with 128 and the signal that killed it', async () => {
        const { id, bundle } = await run(['sleep', '1000']);
        const process = await exec(id, bundle, ['sh', '-c', 'echo ready; exec sleep 1000']);
        await readFrom(process.stdout.iterator({ destroyOnReturn: false }), 'ready');
        process.kill(sigterm);
        process.stdout.resume();
        expect(await process.exited).toEqual({ exitCode: 143 });
        expect((await backend.state(id, bundle, context)).status).toBe('running');
      });

      test.each([
        ['no-such-program', 'command-not-found'],
        ['/no/such/program', 'command-not-found'],
        ['/etc/not-executable', 'command-not-executable'],
      ])('of %s is refused with reason %s', async (program, reason) => {
        const { id, bundle } = await run(['sleep', '1000']);
        const error: unknown = await exec(id, bundle, [program]).catch((failure: unknown) => failure);
        expect(error).toMatchObject({ code: 'invalid-argument' });
        expect(reasonOf(error)).toBe(reason);
      });

      test('in a container that has ended is refused', async () => {
        const { id, bundle } = await run(['true']);
        await backend.exit(id, bundle, context);
        await expect(exec(id, bundle, ['true'])).rejects.toMatchObject({ code: 'failed-precondition' });
      });
    });

    describe('states', () => {
      test('pause and resume show', async () => {
        const { id, bundle } = await run(['sleep', '1000']);
        await backend.pause(id, context);
        expect((await backend.state(id, bundle, context)).status).toBe('paused');
        await backend.resume(id, context);
        expect((await backend.state(id, bundle, context)).status).toBe('running');
      });

      test('a listed container is gone after delete, with everything it had', async () => {
        const { id, bundle } = await run(['sleep', '1000']);
        expect(await backend.list()).toContain(id);
        await backend.delete(id, bundle, { force: true }, context);
        expect(await backend.list()).not.toContain(id);
        expect(await harness.leftovers(id)).toEqual([]);
        await expect(backend.state(id, bundle, context)).rejects.toMatchObject({ code: 'not-found' });
      });

      test('a created container that was never started can be deleted', async () => {
        const { id, bundle } = await create(['sleep', '1000']);
        await backend.delete(id, bundle, { force: true }, context);
        expect(await harness.leftovers(id)).toEqual([]);
      });

      test('a running container is not deleted without force, an unknown one is no error', async () => {
        const { id, bundle } = await run(['sleep', '1000']);
        await expect(backend.delete(id, bundle, { force: false }, context)).rejects.toMatchObject({ code: 'failed-precondition' });
        await backend.delete(newId(), { ...bundle, directory: join(bundle.directory, 'nothing') }, { force: false }, context);
      });

      test('an unknown container is not found', async () => {
        const bundle = await harness.bundle(newId(), { args: ['true'] });
        await expect(backend.state(newId(), bundle, context)).rejects.toMatchObject({ code: 'not-found' });
        await expect(backend.kill(newId(), sigterm, bundle, context)).rejects.toMatchObject({ code: 'not-found' });
      });
    });

    describe('after the engine died', () => {
      test('a new one attaches to what runs and learns how it ended', async () => {
        const { id, bundle } = await run(['cat'], { openStdin: true, stdinOnce: true });
        await backend[Symbol.asyncDispose]?.();
        backend = harness.createBackend();
        await using streams = await backend.attach(id, bundle, context);
        expect((await backend.state(id, bundle, context)).status).toBe('running');
        streams.stdin?.end('after\n');
        expect((await collect(streams)).stdout).toBe('after\n');
        expect(await backend.exit(id, bundle, context)).toMatchObject({ exitCode: 0 });
        expect(await logText(bundle)).toMatch(/ stdout F after\n/);
      });

      test('a new one learns what ended in between', async () => {
        const { id, bundle } = await run(['sh', '-c', 'echo done; exit 5']);
        await backend.exit(id, bundle, context);
        await backend[Symbol.asyncDispose]?.();
        backend = harness.createBackend();
        expect(await backend.exit(id, bundle, context)).toMatchObject({ exitCode: 5 });
        expect((await backend.state(id, bundle, context)).status).toBe('stopped');
      });
    });
  });
}

async function text(stream: AsyncIterable<unknown> | undefined): Promise<string> {
  let all = '';
  for await (const chunk of stream ?? []) all += String(chunk);
  return all;
}

async function collect(streams: ProcessStreams): Promise<{ stdout: string; stderr: string }> {
  const all = { stdout: '', stderr: '' };
  for await (const chunk of streams.output) all[chunk.stream] += chunk.data.toString();
  return all;
}

async function readFrom(iterator: AsyncIterator<unknown>, wanted: string | RegExp): Promise<string> {
  let all = '';
  while (typeof wanted === 'string' ? !all.includes(wanted) : !wanted.test(all)) {
    const next = await iterator.next();
    if (next.done === true) throw new Error(`the output ended before ${String(wanted)}: ${JSON.stringify(all)}`);
    all += String(next.value);
  }
  return all;
}

/** Leaves the iteration open, so that the rest can be read later. */
async function readUntil(streams: ProcessStreams, wanted: string | RegExp): Promise<string> {
  const iterator = streams.output[Symbol.asyncIterator]();
  return await readFrom({ next: async () => mapData(await iterator.next()) }, wanted);
}

function mapData(result: IteratorResult<{ readonly data: Buffer }>): IteratorResult<string> {
  return result.done === true ? { done: true, value: undefined } : { done: false, value: result.value.data.toString() };
}
