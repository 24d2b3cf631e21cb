import { expect, test } from 'vitest';
import { createEventLog } from '../events/event-log.ts';
import { LifecycleBus } from '../events/lifecycle-bus.ts';
import type { EventEnvelope } from '../events/lifecycle-events.ts';
import { memoryState, recordingLogger } from '../testing/memory-state.ts';
import { endLostExecs } from './end-lost-execs.ts';

const subject = (execId: string) => ({ containerId: 'f'.repeat(64), name: 'web', image: 'img', labels: {}, execId, command: ['sh'] });

test('execs that a killed engine had running are told as exited, once, and others are not', async () => {
  const state = memoryState();
  const bus = new LifecycleBus(state, createEventLog(state.database), recordingLogger());
  for (const execId of ['ended', 'lost']) bus.publish('exec:started', { ...subject(execId), pid: process.pid });
  bus.publish('exec:exited', { ...subject('ended'), exitCode: 0, durationMs: 1, finishedAt: '2026-01-01T00:00:00.000Z' });
  const told: EventEnvelope[] = [];
  bus.onAny((envelope) => told.push(envelope));
  await endLostExecs(state.database, bus);
  await endLostExecs(state.database, bus);
  expect(told).toMatchObject([{ name: 'exec:exited', event: { execId: 'lost', exitCode: 255 } }]);
});
