import { describe, expect, test } from 'vitest';
import type { ContainerStats } from '../engine/engine.ts';
import { createStatsSampler } from './stats-sampler.ts';

function statsOf(id: string, totalNs: number, systemTotalNs: number): ContainerStats {
  return {
    id,
    name: id,
    time: new Date().toISOString(),
    cpu: { totalNs, userNs: 0, systemNs: 0, systemTotalNs, onlineCpus: 2, percent: null, throttledPeriods: 0, throttledNs: 0, periods: 0 },
    memory: { usageBytes: 0, limitBytes: 0, inactiveFileBytes: 0, maxUsageBytes: 0, details: {} },
    pids: { current: 1, limit: 0 },
    blockIo: { readBytes: 0, writeBytes: 0 },
    networks: {},
  };
}

/** Each reading finds one CPU of two half busy since the one before. */
function createCounter(): { reads: number; failing: boolean; read(id: string): Promise<ContainerStats> } {
  return {
    reads: 0,
    failing: false,
    async read(id) {
      if (this.failing) throw new Error('gone');
      this.reads += 1;
      return statsOf(id, this.reads * 250, this.reads * 1000);
    },
  };
}

const take = async (samples: AsyncIterable<ContainerStats>, count: number): Promise<ContainerStats[]> => {
  const taken: ContainerStats[] = [];
  for await (const sample of samples) if (taken.push(sample) === count) break;
  return taken;
};

describe('the CPU share', () => {
  test('is unknown at first and then that since the sample before', async () => {
    const counter = createCounter();
    const sampler = createStatsSampler({ read: (id) => counter.read(id) });
    expect((await sampler.sample('a')).cpu.percent).toBeNull();
    expect((await sampler.sample('a')).cpu.percent).toBe(50);
    expect((await sampler.sample('b')).cpu.percent).toBeNull();
    sampler.forget('a');
    expect((await sampler.sample('a')).cpu.percent).toBeNull();
  });
});

describe('following', () => {
  test('is read once for all listeners, and not at all without any', async () => {
    const counter = createCounter();
    const sampler = createStatsSampler({ read: (id) => counter.read(id) });
    const controller = new AbortController();
    const options = { signal: controller.signal, intervalMs: 100 };
    const [first, second] = await Promise.all([take(sampler.follow('a', options), 3), take(sampler.follow('a', options), 3)]);
    expect(first.map(({ cpu }) => cpu.percent)).toEqual([null, 50, 50]);
    expect(second.length).toBe(3);
    expect(counter.reads).toBeLessThanOrEqual(4);
  });

  test('ends with its signal, also while it waits', async () => {
    const counter = createCounter();
    const sampler = createStatsSampler({ read: (id) => counter.read(id) });
    const controller = new AbortController();
    const samples = sampler.follow('a', { signal: controller.signal, intervalMs: 1_000_000 })[Symbol.asyncIterator]();
    await samples.next();
    const waiting = samples.next();
    controller.abort();
    expect((await waiting).done).toBe(true);
    expect(counter.reads).toBe(1);
  });

  test('ends when the container has ended', async () => {
    const counter = createCounter();
    const sampler = createStatsSampler({ read: (id) => counter.read(id) });
    const samples = sampler.follow('a', { signal: new AbortController().signal, intervalMs: 100 })[Symbol.asyncIterator]();
    await samples.next();
    counter.failing = true;
    expect((await samples.next()).done).toBe(true);
  });
});
