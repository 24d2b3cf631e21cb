import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventEnvelope } from '@jocker/protocol';
import { containerView, imageView, snapshot } from '../testing/views.ts';
import { applyEvent } from './apply-event.ts';
import { EngineModel } from './engine-model.ts';
import { emptyState, type EngineState } from './engine-state.ts';

const time = '2026-01-01T00:00:02.000Z';

/** A life that an engine could have: numbered events about a few containers and images. */
const history: fc.Arbitrary<readonly EventEnvelope[]> = fc
  .array(fc.record({ verb: fc.nat(7), which: fc.nat(3), extra: fc.nat(200) }), { minLength: 1, maxLength: 40 })
  .map((steps) => steps.map(({ verb, which, extra }, index) => eventOf(index + 1, verb, which, extra)));

function eventOf(seq: number, verb: number, which: number, extra: number): EventEnvelope {
  const id = String(which).repeat(64);
  const subject = { containerId: id, name: `c${which}`, image: 'host:busybox', labels: {} };
  const imageId = `sha256:${String(which).repeat(64)}` as const;
  const head = { seq, time, operationId: null };
  switch (verb) {
    case 0: {
      const view = containerView({ id, name: `c${which}`, status: 'created', pid: 0 });
      return { ...head, name: 'container:created', event: { ...subject, imageId, runtime: 'crun', durationMs: 1, view } };
    }
    case 1:
      return {
        ...head,
        name: 'container:started',
        event: { ...subject, pid: extra + 1, durationMs: 1, networks: [], endpoints: [], health: null, startedAt: time },
      };
    case 2:
      return {
        ...head,
        name: 'container:exited',
        event: { ...subject, exitCode: extra, oomKilled: false, durationMs: 1, finishedAt: time, networks: [], endpoints: [] },
      };
    case 3:
      return { ...head, name: 'container:removed', event: subject };
    case 4:
      return { ...head, name: 'container:renamed', event: { ...subject, name: `n${extra}`, oldName: subject.name } };
    case 5: {
      const view = imageView({ id: imageId, references: [`image:${extra % 4}`] });
      return {
        ...head,
        name: 'image:pulled',
        event: { reference: `image:${extra % 4}`, imageId, manifest: imageId, source: 'registry', durationMs: 1, view },
      };
    }
    case 6:
      return { ...head, name: 'image:tagged', event: { imageId, reference: `image:${extra % 4}` } };
    default:
      return { ...head, name: 'image:removed', event: { imageId } };
  }
}

function inOrder(events: readonly EventEnvelope[]): EngineState {
  const state = emptyState();
  for (const event of events) {
    applyEvent(state, event);
    state.seq = event.seq;
  }
  return state;
}

const content = (state: Readonly<EngineState>): unknown => ({
  seq: state.seq,
  containers: [...state.containers].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  images: [...state.images].toSorted(([a], [b]) => (a < b ? -1 : 1)),
});

const asSnapshot = (state: EngineState): ReturnType<typeof snapshot> =>
  snapshot({ seq: state.seq, containers: [...state.containers.values()], images: [...state.images.values()] });

describe('the engine model', () => {
  test('ends in the same state whatever the order and doubling of events', () => {
    fc.assert(
      fc.property(
        history.chain((events) =>
          fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 })),
        ),
        ([events, delivered]) => {
          const model = new EngineModel();
          model.reset(snapshot());
          for (const event of delivered) model.offer(event);
          expect(content(model.state)).toEqual(content(inOrder(events)));
          expect(model.missing).toBe(false);
        },
      ),
    );
  });

  test('ends in the state of the snapshot that follows a gap, with the events after it applied', () => {
    fc.assert(
      fc.property(history, fc.nat(40), fc.nat(40), (events, cut, skip) => {
        const at = Math.min(cut, events.length);
        const model = new EngineModel();
        model.reset(snapshot());
        // Everything up to the cut but for a hole, then a reconnect with a snapshot at the cut, then the rest.
        events.slice(0, at).forEach((event, index) => index !== skip && model.offer(event));
        const middle = inOrder(events.slice(0, at));
        model.reset(asSnapshot(middle));
        for (const event of events.slice(at)) model.offer(event);
        expect(content(model.state)).toEqual(content(inOrder(events)));
      }),
    );
  });

  test('says that something is missing until the gap is closed', () => {
    const events = [eventOf(1, 0, 1, 0), eventOf(2, 1, 1, 0)] as const;
    const model = new EngineModel();
    model.reset(snapshot());
    model.offer(events[1]);
    expect([model.missing, model.seq]).toEqual([true, 0]);
    model.offer(events[0]);
    expect([model.missing, model.seq]).toEqual([false, 2]);
  });

  test('drops a snapshot that is older than what it knows', () => {
    const model = new EngineModel();
    model.reset(snapshot());
    model.offer(eventOf(1, 0, 1, 0));
    model.reset(snapshot());
    expect(model.state.containers.size).toBe(1);
  });

  test('takes the snapshot of another engine whatever its number', () => {
    const model = new EngineModel();
    model.reset(snapshot({ seq: 50, containers: [containerView()] }));
    model.reset(snapshot({ engineId: 'e2', seq: 3 }));
    expect([model.seq, model.state.containers.size]).toEqual([3, 0]);
  });

  test('names only the object that changed', () => {
    const model = new EngineModel();
    model.reset(snapshot({ containers: [containerView(), containerView({ id: 'd'.repeat(64), name: 'other' })] }));
    const told: unknown[] = [];
    using _listener = model.onChange((changes) => told.push(changes));
    model.offer({ ...eventOf(1, 2, 0, 3), event: { ...eventOf(1, 2, 0, 3).event, containerId: 'c'.repeat(64) } } as EventEnvelope);
    expect(told).toEqual([[{ kind: 'container', id: 'c'.repeat(64), change: 'changed' }]]);
  });
});
