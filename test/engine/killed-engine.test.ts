import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EventEnvelope } from '@jocker/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { networkTracesOf } from '../support/network-traces.ts';
import { createEnginePlace, type EnginePlace } from '../support/temporary-engine.ts';

let place: EnginePlace;
beforeAll(async () => {
  place = await createEnginePlace();
  await using engine = await place.open();
  await engine.images.pull('host:busybox');
});
afterAll(async () => {
  await using engine = await place.open();
  for (const { id } of await engine.containers.list()) await engine.containers.remove(id, { force: true });
  await engine[Symbol.asyncDispose]();
  await place.remove();
});

/** Resolves with the signal that ended it. */
async function runUntilKilled(checkpoint: string): Promise<string | null> {
  const script = fileURLToPath(new URL('../support/crashing-engine.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=jocker-source', script, place.directory, checkpoint], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return await new Promise((resolve, reject) => child.once('error', reject).once('exit', (_code, signal) => resolve(signal)));
}

const lifeOf = (events: readonly EventEnvelope[], id: string | undefined): string[] =>
  events
    .filter(({ event }) => 'containerId' in event && event.containerId === id)
    .map(({ name }) => name.replace('container:', ''))
    .filter((name) => ['created', 'started', 'exited', 'removed'].includes(name));

describe('an engine killed at', () => {
  test.each([
    // The first of all: the default network is made once.
    ['network:recorded', [], undefined],
    ['create:intent', [], undefined],
    ['create:snapshot', [], undefined],
    ['create:spec', [], undefined],
    ['create:recorded', ['created'], 'created'],
    ['start:network-reserved', ['created'], 'created'],
    ['start:bundle', ['created'], 'created'],
    ['start:runtime-created', ['created'], 'created'],
    ['start:network-attached', ['created'], 'created'],
    ['start:runtime-started', ['created', 'started'], 'running'],
    ['start:recorded', ['created', 'started'], 'running'],
    ['remove:marked', ['created', 'started', 'exited', 'removed'], undefined],
    ['remove:runtime', ['created', 'started', 'exited', 'removed'], undefined],
    ['remove:snapshot', ['created', 'started', 'exited', 'removed'], undefined],
    ['remove:data-removed', ['created', 'started', 'exited', 'removed'], undefined],
  ])('%s: the next one has told %j, has it %s, and nothing is left', async (checkpoint, told, status) => {
    expect(await runUntilKilled(checkpoint)).toBe('SIGKILL');

    await using engine = await place.open();
    const [container, ...others] = await engine.containers.list();
    expect([container?.status, others]).toEqual([status, []]);
    const all = await engine.events.range({});
    const containerId = container?.id ?? idOf(all.at(-1));
    const ofThis = all.filter(({ seq }) => seq > lastSeen);
    lastSeen = all.at(-1)?.seq ?? 0;
    const created = ofThis.find(({ name }) => name === 'container:created')?.event as { containerId: string } | undefined;
    expect(lifeOf(ofThis, created?.containerId ?? containerId)).toEqual(told);
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
    // Every operation that began has ended, if only by the engine's end.
    const open = new Set<string | null>();
    for (const { name, operationId } of all) {
      if (name === 'operation:started') open.add(operationId);
      else if (name === 'operation:finished' || name === 'operation:failed') open.delete(operationId);
    }
    expect([...open]).toEqual([]);

    if (container !== undefined) {
      if (container.status === 'created') await engine.containers.start(container.id);
      // The trap is set once it says that it is up.
      for await (const _line of engine.containers.logs(container.id, { follow: true })) break;
      await engine.containers.stop(container.id);
      expect(await engine.containers.wait(container.id)).toEqual({ exitCode: 7 });
      await engine.containers.remove(container.id);
      lastSeen = engine.events.lastSeq;
    }
    expect(await place.traces(created === undefined ? [] : [created.containerId])).toEqual([]);
    // The bridge of the default network may be there, and nothing that is plugged into it.
    const { engineId } = await engine.system.info();
    const pairs = async (): Promise<readonly string[]> =>
      (await networkTracesOf(engineId)).filter((trace) => trace.startsWith('interface jv'));
    await expect.poll(pairs, { timeout: 10_000 }).toEqual([]);
    expect((await engine.networks.list()).flatMap(({ containers }) => containers)).toEqual([]);
    await engine[Symbol.asyncDispose]();
    expect(await networkTracesOf(engineId)).toEqual([]);
  });
});

let lastSeen = 0;
const idOf = (envelope: EventEnvelope | undefined): string | undefined =>
  envelope !== undefined && 'containerId' in envelope.event ? envelope.event.containerId : undefined;
