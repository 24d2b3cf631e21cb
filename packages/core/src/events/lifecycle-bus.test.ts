import { describe, expect, test } from 'vitest';
import { memoryState, recordingLogger } from '../testing/memory-state.ts';
import { createEventLog } from './event-log.ts';
import { LifecycleBus } from './lifecycle-bus.ts';
import type { EventEnvelope } from './lifecycle-events.ts';

function setUp() {
  const state = memoryState();
  const eventLog = createEventLog(state.database);
  const log = recordingLogger();
  return { state, eventLog, log, bus: new LifecycleBus(state, eventLog, log) };
}
const digest = `sha256:${'0'.repeat(64)}` as const;

describe('the bus', () => {
  test('stamps each event with the next seq and tells name and any listeners once', () => {
    const { bus } = setUp();
    const named: number[] = [];
    const any: EventEnvelope[] = [];
    bus.on('image:removed', (event, envelope) => named.push(envelope.seq, event.imageId.length));
    bus.onAny((envelope) => any.push(envelope));
    bus.publish('image:removed', { imageId: digest });
    bus.publish('image:pulling', { reference: 'a' }, { operationId: 'op' });
    expect(named).toEqual([1, digest.length]);
    expect(any.map(({ seq, name, operationId }) => [seq, name, operationId])).toEqual([
      [1, 'image:removed', null],
      [2, 'image:pulling', 'op'],
    ]);
  });

  test('goes on after a listener that throws and one that rejects, and logs both', async () => {
    const { bus, log } = setUp();
    const heard: string[] = [];
    bus.onAny(() => {
      throw new Error('thrown');
    });
    // oxlint-disable-next-line typescript/no-misused-promises -- the mistake that the bus must survive
    bus.onAny(async () => {
      await Promise.reject(new Error('rejected'));
    });
    bus.onAny((envelope) => heard.push(envelope.name));
    bus.publish('image:pulling', { reference: 'a' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(['image:pulling']);
    expect(log.lines.map((line) => (line.fields as { error: string }).error)).toEqual(['thrown', 'rejected']);
  });

  test('tells nobody after its subscription was disposed of', () => {
    const { bus } = setUp();
    const heard: EventEnvelope[] = [];
    bus.onAny((envelope) => heard.push(envelope))[Symbol.dispose]();
    bus.publish('image:pulling', { reference: 'a' });
    expect(heard).toEqual([]);
  });

  test('keeps the order of seq for all listeners when one of them publishes', () => {
    const { bus } = setUp();
    const order: number[] = [];
    bus.on('image:pulling', () => bus.publish('image:removed', { imageId: digest }));
    bus.onAny((envelope) => order.push(envelope.seq));
    bus.publish('image:pulling', { reference: 'a' });
    expect(order).toEqual([1, 2]);
  });

  test('rolls the event back together with the change that fails', () => {
    const { bus, eventLog } = setUp();
    const heard: EventEnvelope[] = [];
    bus.onAny((envelope) => heard.push(envelope));
    const change = (): void => {
      throw new Error('no');
    };
    expect(() => bus.publish('image:removed', { imageId: digest }, { change })).toThrow('no');
    expect([heard, eventLog.lastSeq]).toEqual([[], 0]);
  });

  test('tells of the events of a transaction after its commit, and of none after a rollback', () => {
    const { bus, state } = setUp();
    const heard: number[] = [];
    bus.onAny((envelope) => heard.push(envelope.seq));
    state.transaction(() => {
      bus.publish('image:pulling', { reference: 'a' });
      bus.publish('image:pulling', { reference: 'b' });
      expect(heard).toEqual([]);
    });
    expect(() =>
      state.transaction(() => {
        bus.publish('image:pulling', { reference: 'c' });
        throw new Error('no');
      }),
    ).toThrow('no');
    bus.publish('image:pulling', { reference: 'd' });
    expect(heard).toEqual([1, 2, 3]);
  });

  test('does not keep progress, and gives it the seq of the last kept event', () => {
    const { bus, eventLog } = setUp();
    bus.publish('image:pulling', { reference: 'a' });
    expect(bus.publish('image:progress', { reference: 'a', layers: [] }).seq).toBe(1);
    expect(eventLog.after(0, 10)).toHaveLength(1);
  });
});
