import { Readable, Writable } from 'node:stream';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JockerError } from '../errors/jocker-error.ts';
import { createRemoteChannel, type RemoteChannel } from './remote-channel.ts';

type Offers = Readonly<Record<string, (...given: never[]) => unknown>>;

/** Two channels that speak to each other as two processes do: what travels is serialized. */
function connect(offers: Offers): { readonly here: RemoteChannel; readonly there: RemoteChannel } {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const deliver = (to: () => RemoteChannel) => (message: unknown) => {
    const copy: unknown = deserialize(serialize(message));
    setImmediate(() => to().receive(copy));
  };
  const here: RemoteChannel = createRemoteChannel({ send: deliver(() => there), offers: {}, log });
  const there: RemoteChannel = createRemoteChannel({ send: deliver(() => here), offers, log });
  return { here, there };
}

describe('what travels between processes', () => {
  test('is any JSON document as it was, also one that looks like a reference', async () => {
    const { here } = connect({ echo: (value: unknown) => value });
    const looksLikeOne = { kind: 'function', id: 1, '@@x': [{ kind: 'promise', id: 2 }] };
    expect(await here.call('echo', looksLikeOne)).toEqual(looksLikeOne);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        expect(await here.call('echo', plain)).toEqual(plain);
      }),
      { numRuns: 200 },
    );
  });

  test('is bytes, maps, big numbers, and objects with the methods of their class', async () => {
    class Counter {
      #count = 40;
      readonly name = 'counter';
      add(more: number): number {
        return (this.#count += more);
      }
    }
    const { here } = connect({ make: () => new Counter(), echo: (value: unknown) => value });
    const counter = (await here.call('make')) as { readonly name: string; add(more: number): Promise<number> };
    expect([counter.name, await counter.add(1), await counter.add(1)]).toEqual(['counter', 41, 42]);
    const value = { bytes: Buffer.from('abc'), map: new Map([['a', Buffer.from('b')]]), big: 12n, nothing: null };
    expect(await here.call('echo', value)).toEqual(value);
  });

  test('is a callback, called on the side that it came from', async () => {
    const { here } = connect({ twice: async (call: (value: number) => Promise<number>) => (await call(1)) + (await call(2)) });
    expect(await here.call('twice', async (value: number) => await Promise.resolve(value * 10))).toBe(30);
  });

  test('is an error with its code and details', async () => {
    const { here } = connect({
      refuse: () => {
        throw new JockerError('not-found', 'no such thing', { details: { thing: 'x' } });
      },
      crash: () => {
        throw new TypeError('oops');
      },
    });
    await expect(here.call('refuse')).rejects.toMatchObject({
      name: 'JockerError',
      code: 'not-found',
      message: 'no such thing',
      details: { thing: 'x' },
    });
    await expect(here.call('crash')).rejects.toMatchObject({ name: 'TypeError', message: 'oops' });
    await expect(here.call('nothing')).rejects.toThrow('calls what it was not given');
  });

  test('is a signal that fires on the other side, with its reason', async () => {
    const { here } = connect({
      look: (signal: AbortSignal) => signal.aborted,
      wait: async (signal: AbortSignal) =>
        await new Promise((resolve) => signal.addEventListener('abort', () => resolve((signal.reason as Error).message))),
    });
    const controller = new AbortController();
    const waiting = here.call('wait', controller.signal);
    controller.abort(new JockerError('cancelled', 'enough'));
    expect(await waiting).toBe('enough');
    expect(await here.call('look', AbortSignal.abort(new Error('before')))).toBe(true);
  });

  test('is a stream that gives no more than its reader asks for', async () => {
    let made = 0;
    const { here } = connect({
      open: () =>
        new Readable({
          highWaterMark: 1024,
          read() {
            made += 1;
            this.push(made > 1000 ? null : Buffer.alloc(1024, made));
          },
        }),
    });
    const stream = (await here.call('open')) as Readable;
    const first = await new Promise<Buffer>((resolve) => stream.once('data', resolve));
    stream.pause();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(made).toBeLessThan(200);
    const rest = Buffer.concat((await stream.toArray()) as Buffer[]);
    expect(first.length + rest.length).toBe(1000 * 1024);
  });

  test('is a stream that breaks with its own error, and one whose reader goes away', async () => {
    let source: Readable | undefined;
    const { here } = connect({
      broken: () =>
        Readable.from(
          (async function* () {
            yield 'a';
            await Promise.resolve();
            throw new JockerError('unavailable', 'the line is dead');
          })(),
        ),
      endless: () => (source = new Readable({ read: () => undefined })),
    });
    await expect(((await here.call('broken')) as Readable).toArray()).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the line is dead',
    });
    ((await here.call('endless')) as Readable).destroy();
    await expect.poll(() => source?.destroyed).toBe(true);
  });

  test('is something to write to, with its half-close', async () => {
    const got: string[] = [];
    const { here } = connect({
      sink: () =>
        new Writable({ write: (chunk, _encoding, done) => (got.push(String(chunk)), done()), final: (done) => (got.push('end'), done()) }),
    });
    const sink = (await here.call('sink')) as Writable;
    sink.write('a');
    await new Promise<void>((resolve) => sink.end('b', resolve));
    expect(got).toEqual(['a', 'b', 'end']);
  });

  test('is an iterable that ends on both sides when one stops', async () => {
    let ended = false;
    async function* count(): AsyncGenerator<number> {
      try {
        for (let each = 1; ; each += 1) yield await Promise.resolve(each);
      } finally {
        ended = true;
      }
    }
    const { here } = connect({ count: () => count() });
    const seen: number[] = [];
    for await (const each of (await here.call('count')) as AsyncIterable<number>) if (seen.push(each) === 3) break;
    expect([seen, ended]).toEqual([[1, 2, 3], true]);
  });
});

test('a channel that is closed fails what waits and what comes', async () => {
  const { here } = connect({ never: async () => await new Promise(() => undefined) });
  const waiting = here.call('never');
  here.close(new Error('it has ended'));
  await expect(waiting).rejects.toThrow('it has ended');
  await expect(here.call('never')).rejects.toThrow('it has ended');
});
