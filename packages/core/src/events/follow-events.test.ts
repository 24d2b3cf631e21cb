import { expect, test } from 'vitest';
import { memoryState, recordingLogger } from '../testing/memory-state.ts';
import { createEventLog } from './event-log.ts';
import { followEvents } from './follow-events.ts';
import { LifecycleBus } from './lifecycle-bus.ts';

function setUp() {
  const state = memoryState();
  const log = createEventLog(state.database);
  const bus = new LifecycleBus(state, log, recordingLogger());
  const stop = new AbortController();
  let published = 0;
  return {
    bus,
    log,
    stop,
    publish: (count: number): void => {
      for (let index = 0; index < count; index += 1) bus.publish('image:pulling', { reference: String((published += 1)) });
    },
    collect: async (events: AsyncIterable<{ seq: number }>, until: number, each?: (seq: number) => void): Promise<number[]> => {
      const seqs: number[] = [];
      for await (const { seq } of events) {
        seqs.push(seq);
        each?.(seq);
        if (seq >= until) stop.abort();
      }
      return seqs;
    },
  };
}
const upTo = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('kept events and those that come while they are read arrive once and in order', async () => {
  const { bus, log, stop, publish, collect } = setUp();
  publish(1_200);
  const events = followEvents(bus, log, { since: 100, signal: stop.signal });
  publish(3);
  const seqs = await collect(events, 1_209, (seq) => {
    if (seq % 200 === 0) publish(1);
  });
  expect(seqs).toEqual(upTo(101, 1_209));
});

test('a reader that falls behind the bound is caught up from the log', async () => {
  const { bus, log, stop, publish, collect } = setUp();
  const events = followEvents(bus, log, { signal: stop.signal, maxWaiting: 5 });
  publish(1);
  const seqs = await collect(events, 201, (seq) => {
    if (seq === 1) publish(100);
    if (seq === 50) publish(100);
  });
  expect(seqs).toEqual(upTo(1, 201));
});

test('without since only what comes after the call arrives', async () => {
  const { bus, log, stop, publish, collect } = setUp();
  publish(5);
  const events = followEvents(bus, log, { signal: stop.signal });
  publish(2);
  expect(await collect(events, 7)).toEqual([6, 7]);
});

test('progress arrives only where it was asked for', async () => {
  const { bus, log, stop, publish } = setUp();
  const read = async (includeProgress: boolean): Promise<string[]> => {
    const names: string[] = [];
    for await (const envelope of followEvents(bus, log, { signal: stop.signal, includeProgress })) names.push(envelope.name);
    return names;
  };
  const both = [read(true), read(false)];
  await new Promise((resolve) => setImmediate(resolve));
  publish(1);
  bus.publish('image:progress', { reference: 'a', layers: [] });
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  expect(await Promise.all(both)).toEqual([['image:pulling', 'image:progress'], ['image:pulling']]);
});

test('following from before the log is refused at once', () => {
  const { bus, log, stop } = setUp();
  expect(() => followEvents(bus, log, { since: 1, signal: stop.signal })).toThrow(/gone/);
});
