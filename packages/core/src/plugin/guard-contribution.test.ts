import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { JockerError } from '../errors/jocker-error.ts';
import type { ImageSource } from '../image/image-source.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseReference } from '../reference/parse-reference.ts';
import { recordingLogger } from '../testing/memory-state.ts';
import { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.ts';
import type { AdmissionRule, ExtensionPoints } from './extension-points.ts';
import { guardContribution } from './guard-contribution.ts';
import { policyOf, type HookPolicy } from './hook-policy.ts';
import { createPluginAccounts, type PluginAccounts } from './plugin-accounts.ts';

interface Guarded<P extends keyof ExtensionPoints> {
  readonly value: ExtensionPoints[P];
  readonly accounts: PluginAccounts;
  readonly breaker: CircuitBreaker;
  readonly activity: { running: number };
  readonly clock: { now: number };
}

function guarded<P extends keyof ExtensionPoints>(
  point: P,
  value: ExtensionPoints[P],
  policy: HookPolicy = {},
  required?: boolean,
): Guarded<P> {
  const accounts = createPluginAccounts();
  const clock = { now: 0 };
  const breaker = createCircuitBreaker({ now: () => clock.now, onChange: () => undefined });
  const activity = { running: 0 };
  const guard = { plugin: 'mine', policy: policyOf(point, policy, required), breakerOf: () => breaker, accounts, activity, foreign: true };
  return { value: guardContribution(point, value, guard), accounts, breaker, activity, clock };
}

const context = (): { signal: AbortSignal; log: ReturnType<typeof recordingLogger> } => ({
  signal: new AbortController().signal,
  log: recordingLogger(),
});
const reference = parseReference('hello:x', { schemes: ['hello'] });
const blob: Descriptor = { mediaType: 'text/plain', digest: `sha256:${'0'.repeat(64)}`, size: 3 };
const request = { image: 'x' };
const platform = { os: 'linux', architecture: 'amd64' } as const;
const never = async (): Promise<never> => await new Promise(() => undefined);
const ruleThat = (decide: AdmissionRule['decide']): AdmissionRule => ({ name: 'policy', decide });
const sourceThat = (more: Partial<ImageSource>): ImageSource => ({
  name: 'hello',
  accepts: () => true,
  resolve: async () => await Promise.resolve(blob),
  fetch: async () => await Promise.resolve(Readable.from(['abc'])),
  ...more,
});

describe('a call that takes too long', () => {
  test('fails by name, its signal fires, and its answer is dropped', async () => {
    let signal: AbortSignal | undefined;
    const { value, accounts, activity } = guarded(
      'imageSource',
      sourceThat({
        async resolve(_reference, given) {
          ({ signal } = given);
          return await never();
        },
      }),
      { timeLimitMs: 20 },
    );
    await expect(value.resolve(reference, { ...context(), platform })).rejects.toMatchObject({
      code: 'deadline-exceeded',
      message: 'imageSource hello of plugin mine took longer than 0.02 s to answer resolve',
    });
    expect(signal?.aborted).toBe(true);
    expect([accounts.list()[0], activity.running]).toEqual([expect.objectContaining({ method: 'resolve', calls: 1, timeouts: 1 }), 0]);
  });

  test('costs that call and not the plugin', async () => {
    let slow = true;
    const { value } = guarded(
      'admissionRule',
      ruleThat(async () => (slow ? await never() : { allowed: true })),
      { timeLimitMs: 10 },
    );
    await expect(value.decide(request, context())).rejects.toMatchObject({ code: 'deadline-exceeded' });
    slow = false;
    await expect(value.decide(request, context())).resolves.toEqual({ allowed: true });
  });

  test('is passed over when the policy says so', async () => {
    const { value } = guarded('admissionRule', ruleThat(never), { timeLimitMs: 10, onTimeout: 'skip' });
    await expect(value.decide(request, context())).resolves.toEqual({ allowed: true });
  });

  test('that brings a stream after all has the stream closed', async () => {
    const stream = Readable.from(['late']);
    const { value } = guarded(
      'imageSource',
      sourceThat({
        async fetch() {
          await sleep(30);
          return stream;
        },
      }),
      { timeLimitMs: 5 },
    );
    await expect(value.fetch(reference, blob, 0, { ...context(), platform })).rejects.toMatchObject({ code: 'deadline-exceeded' });
    await expect.poll(() => stream.destroyed).toBe(true);
  });

  test("is nobody's failure when the operation was cancelled", async () => {
    const { value, accounts, breaker } = guarded(
      'imageSource',
      sourceThat({
        resolve: async (_reference, { signal }) =>
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
      }),
    );
    for (let each = 0; each < 10; each += 1) {
      const controller = new AbortController();
      const asked = value.resolve(reference, { signal: controller.signal, log: recordingLogger(), platform });
      controller.abort();
      await expect(asked).rejects.toThrow();
    }
    expect([accounts.list()[0]?.errors, breaker.state]).toEqual([0, 'closed']);
  });
});

test('a call that does not heed the cancellation of its operation is given up, long before its time is over', async () => {
  const controller = new AbortController();
  const { value, breaker } = guarded('imageSource', sourceThat({ resolve: never }));
  const asked = value.resolve(reference, { signal: controller.signal, log: recordingLogger(), platform });
  controller.abort(new JockerError('cancelled', 'the pull was cancelled'));
  await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
  expect(breaker.state).toBe('closed');
}, 20_000);

describe('a stream', () => {
  const fetch = async (stream: Readable): Promise<{ got: Readable; under: Guarded<'imageSource'> }> => {
    const under = guarded('imageSource', sourceThat({ fetch: async () => await Promise.resolve(stream) }), { timeLimitMs: 30 });
    return { got: await under.value.fetch(reference, blob, 0, { ...context(), platform }), under };
  };

  test('that sends nothing for too long is ended by name', async () => {
    const { got, under } = await fetch(new Readable({ read: () => undefined }));
    await expect(got.toArray()).rejects.toMatchObject({
      code: 'deadline-exceeded',
      message: 'imageSource hello of plugin mine sent nothing for 0.03 s',
    });
    await expect.poll(() => under.activity.running).toBe(0);
    expect(under.accounts.list()[0]).toMatchObject({ timeouts: 1 });
  });

  test('may take as long as it likes as a whole, and so may its reader', async () => {
    const slow = Readable.from(
      (async function* () {
        for (let each = 0; each < 6; each += 1) {
          await sleep(10);
          yield Buffer.from('abc');
        }
      })(),
    );
    const { got } = await fetch(slow);
    await sleep(60);
    expect(Buffer.concat((await got.toArray()) as Buffer[])).toHaveLength(18);
  });
});

describe('an answer that no contract allows', () => {
  test.each([
    ['resolve', { resolve: async () => await Promise.resolve({ digest: 5 }) }, 'answered resolve with what is not a descriptor'],
    ['fetch', { fetch: async () => await Promise.resolve('bytes') }, 'answered fetch with what is not a stream'],
    ['accepts', { accepts: () => 'perhaps' }, 'neither true nor false'],
  ])('of %s is named', async (method, wrong, message) => {
    const { value } = guarded('imageSource', sourceThat(wrong as unknown as Partial<ImageSource>), { onError: 'fail' });
    const call = value[method as 'fetch'] as (...given: unknown[]) => unknown;
    await expect((async () => await call(reference, { ...context(), platform }))()).rejects.toThrow(message);
  });

  test('of a rule refuses', async () => {
    const { value } = guarded(
      'admissionRule',
      ruleThat(() => undefined as never),
    );
    await expect((async () => await value.decide(request, context()))()).rejects.toThrow(
      'plugin mine answered decide with what is not a decision',
    );
  });
});

describe('what fails again and again', () => {
  const flaky = (policy: HookPolicy, required?: boolean): Guarded<'admissionRule'> & { heal(): void; asked(): number } => {
    let ill = true;
    let asked = 0;
    const under = guarded(
      'admissionRule',
      ruleThat(() => {
        asked += 1;
        if (ill) throw new TypeError('no');
        return { allowed: true };
      }),
      policy,
      required,
    );
    return { ...under, heal: () => void (ill = false), asked: () => asked };
  };
  const decide = async ({ value }: Guarded<'admissionRule'>): Promise<unknown> => await value.decide(request, context());

  test('is no longer asked, is probed twice a second, and is back with the first good answer', async () => {
    const under = flaky({});
    for (let each = 0; each < 20; each += 1) await expect(decide(under)).rejects.toThrow();
    expect([under.asked(), under.breaker.state, under.breaker.reason]).toEqual([5, 'open', 'no']);
    await expect(decide(under)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'admissionRule policy of plugin mine has failed several times and is not asked for the moment: no',
    });
    under.clock.now += 500;
    expect(under.breaker.state).toBe('half-open');
    await expect(decide(under)).rejects.toThrow('no');
    expect(under.breaker.state).toBe('open');
    under.heal();
    under.clock.now += 500;
    await expect(decide(under)).resolves.toEqual({ allowed: true });
    await expect(decide(under)).resolves.toEqual({ allowed: true });
    expect([under.breaker.state, under.accounts.list()[0]]).toEqual([
      'closed',
      expect.objectContaining({ calls: 8, errors: 6, refused: 16 }),
    ]);
  });

  test('fails closed when it is required, in 1,000 of 1,000 tries', async () => {
    const under = flaky({ onError: 'skip', onTimeout: 'skip' }, true);
    for (let each = 0; each < 1000; each += 1) {
      under.clock.now += each % 7 === 0 ? 100 : 0;
      await expect(decide(under)).rejects.toThrow();
    }
  });

  test('is passed over when it is optional', async () => {
    const under = flaky({}, false);
    for (let each = 0; each < 1000; each += 1) await expect(decide(under)).resolves.toEqual({ allowed: true });
    expect(under.asked()).toBe(5);
  });

  test('does not count sentences of the contract', async () => {
    const under = guarded(
      'imageSource',
      sourceThat({ resolve: async () => await Promise.reject(new JockerError('not-found', 'no such image')) }),
    );
    for (let each = 0; each < 20; each += 1)
      await expect(under.value.resolve(reference, { ...context(), platform })).rejects.toMatchObject({ code: 'not-found' });
    expect([under.breaker.state, under.accounts.list()[0]?.errors]).toEqual(['closed', 0]);
  });
});

test('what is guarded is the contract as it was: members, private state, methods that nobody knows', async () => {
  class Counting implements AdmissionRule {
    readonly name = 'counting';
    #count = 0;
    get count(): number {
      return this.#count;
    }
    decide(): { allowed: true } {
      this.#count += 1;
      return { allowed: true };
    }
    again(): number {
      return this.#count * 2;
    }
  }
  const { value } = guarded('admissionRule', new Counting());
  await value.decide(request, context());
  const seen = value as unknown as Counting;
  expect([seen.name, seen.count, seen.again()]).toEqual(['counting', 1, 2]);
});
