import { afterEach, describe, expect, test } from 'vitest';
import type { LogEntry } from '../engine/engine.ts';
import type { OutputChunk } from '../runtime/runtime-backend.ts';
import { createContainerHarness, type ContainerHarness } from '../testing/container-harness.ts';
import { attachContainer } from './attach-container.ts';
import { containerLogs } from './container-logs.ts';
import type { CreateRequest } from './create-request.ts';

let harness: ContainerHarness;
afterEach(async () => harness[Symbol.asyncDispose]());
const setUp = async (): Promise<ContainerHarness> => (harness = await createContainerHarness());

const shell = (script: string, more: Partial<CreateRequest> = {}): CreateRequest => ({
  image: 'img',
  command: ['sh', '-c', script],
  ...more,
});
const textOf = async (output: AsyncIterable<OutputChunk>): Promise<string> => {
  let text = '';
  for await (const chunk of output) text += `${chunk.stream === 'stderr' ? '!' : ''}${chunk.data.toString()}`;
  return text;
};
const logText = async (entries: AsyncIterable<LogEntry>): Promise<string> => {
  let text = '';
  for await (const entry of entries) text += entry.data.toString();
  return text;
};

describe('attach', () => {
  test('before the start gets the first byte, and ends with the process', async () => {
    const { verbs, deps } = await setUp();
    const { id } = await verbs.create(shell('echo out; echo err >&2; exit 0'));
    await using streams = await attachContainer(deps, id);
    const text = textOf(streams.output);
    await verbs.start(id);
    expect(await text).toBe('out\n!err\n');
  });

  test('before the start carries stdin and its end', async () => {
    const { verbs, deps } = await setUp();
    const { id } = await verbs.create({ image: 'img', command: ['cat'], openStdin: true, stdinOnce: true });
    await using streams = await attachContainer(deps, id);
    streams.stdin?.end('early');
    const text = textOf(streams.output);
    await verbs.start(id);
    expect(await text).toBe('early');
    expect(await verbs.wait(id)).toEqual({ exitCode: 0 });
  });

  test('with replay gives past and present once and in order', async () => {
    const { verbs, deps } = await setUp();
    const lines = Array.from({ length: 300 }, (_, index) => `line ${index}`);
    const { id } = await verbs.create(shell(lines.map((line) => `echo ${line}`).join('; '), { openStdin: true }));
    await verbs.start(id);
    await using streams = await attachContainer(deps, id, { replay: true });
    expect(await textOf(streams.output)).toBe(lines.map((line) => `${line}\n`).join(''));
  });

  test('with replay of one that has ended gives its log and then the next run', async () => {
    const { verbs, deps, seen } = await setUp();
    const { id } = await verbs.create(shell('echo again'));
    await verbs.start(id);
    await seen('container:exited');
    await using streams = await attachContainer(deps, id, { replay: true });
    const text = textOf(streams.output);
    await verbs.start(id);
    expect(await text).toBe('again\nagain\n');
  });

  test('ends when the start fails and when the container is removed', async () => {
    const { verbs, deps } = await setUp();
    const { id } = await verbs.create({ image: 'img', command: ['/nowhere'] });
    const first = await attachContainer(deps, id);
    await expect(verbs.start(id)).rejects.toMatchObject({ details: { reason: 'command-not-found' } });
    expect(await textOf(first.output)).toBe('');
    const second = await attachContainer(deps, id);
    await verbs.remove(id);
    expect(await textOf(second.output)).toBe('');
  });

  test('that is closed before the start leaves nothing waiting', async () => {
    const { verbs, deps, names } = await setUp();
    const { id } = await verbs.create({ image: 'img', command: ['cat'], openStdin: true });
    await (await attachContainer(deps, id))[Symbol.asyncDispose]();
    await verbs.start(id);
    expect(names().slice(2)).toEqual(['container:attached', 'container:detached', 'container:started']);
    expect(harness.world.containers.get(id)?.broadcast.readers).toBe(0);
  });
});

describe('logs', () => {
  test('followed go on over restarts by the policy and end with the last exit', async () => {
    const { verbs, deps, bus } = await setUp();
    const { id } = await verbs.create(shell('echo run; exit 1', { restartPolicy: { name: 'on-failure', maximumRetryCount: 2 } }));
    const text = logText(containerLogs(deps, bus, id, { follow: true }));
    await verbs.start(id);
    await verbs.wait(id);
    expect((await text).startsWith('run\n')).toBe(true);
    expect(await logText(containerLogs(deps, bus, id))).toBe('run\nrun\nrun\n');
  });

  test('by name go on with the next container of that name, until the signal', async () => {
    const { verbs, deps, bus } = await setUp();
    const reader = new AbortController();
    const first = await verbs.create(shell('echo one', { name: 'web' }));
    await verbs.start(first.id);
    await verbs.wait(first.id);
    const seen: string[] = [];
    const reading = (async (): Promise<void> => {
      for await (const entry of containerLogs(deps, bus, 'web', { follow: true, byName: true, signal: reader.signal })) {
        seen.push(`${entry.containerId === first.id ? 'first' : 'second'} ${entry.data.toString().trim()}`);
        if (seen.length === 1) {
          await verbs.remove('web');
          await verbs.create(shell('echo two', { name: 'web' }));
          await verbs.start('web');
        } else reader.abort();
      }
    })();
    await reading;
    expect(seen).toEqual(['first one', 'second two']);
  });

  test('of an unknown container are refused', async () => {
    const { deps, bus } = await setUp();
    await expect(logText(containerLogs(deps, bus, 'nobody'))).rejects.toMatchObject({ code: 'not-found' });
  });
});
