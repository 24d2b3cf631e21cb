import { Readable, Writable } from 'node:stream';
import { callbackify } from 'node:util';
import { isJockerError, JockerError } from '../errors/jocker-error.ts';

/**
 * How a value travels between two processes. Data goes as it is (structured clone); what has a life goes as a reference that
 * the other side can call. A reference is a `Map`, which no JSON from outside can pretend to be.
 */
export type Reference = ReadonlyMap<string, unknown>;

export type RemoteFunction = (...given: unknown[]) => Promise<unknown>;

/** What the two sides have for references. */
export interface ReferencePort {
  /** Makes a function callable from the other side. */
  offer(call: (...given: unknown[]) => unknown): number;
  /** The other side's function. */
  borrow(id: number): RemoteFunction;
  /** Calls back when the other side's signal fires. */
  onAbort(id: number, abort: (reason: unknown) => void): void;
  /** Tells the other side that a signal of this side has fired. */
  abort(id: number, reason: unknown): void;
  nextId(): number;
  /** Messages of plugins, kept on the side that has the log. */
  readonly log: unknown;
}

const disposeKey = '@@asyncDispose';
const methodsOfObject = new Set(Object.getOwnPropertyNames(Object.prototype));
const reference = (kind: string, fields: Readonly<Record<string, unknown>> = {}): Reference =>
  new Map([['kind', kind], ...Object.entries(fields)]);

export function encode(value: unknown, port: ReferencePort): unknown {
  if (typeof value === 'function') return reference('function', { id: port.offer(value as (...given: unknown[]) => unknown) });
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((each) => encode(each, port));
  if (value instanceof Map) return reference('map', { entries: [...value].map(([key, each]) => [key, encode(each, port)]) });
  if (value instanceof Set) return reference('set', { values: [...value] });
  if (value instanceof Error) return encodeError(value);
  if (value instanceof AbortSignal) return encodeSignal(value, port);
  if (value instanceof Promise) return encodePromise(value, port);
  if (value instanceof Readable) return reference('readable', { id: port.offer(pullerOf(value)), objectMode: value.readableObjectMode });
  if (value instanceof Writable) return encodeWritable(value, port);
  if (Symbol.asyncIterator in value) return encodeIterable(value as AsyncIterable<unknown>, port);
  if (isLogger(value)) return reference('logger');
  return Object.fromEntries(membersOf(value).map(([key, member]) => [key, encode(member, port)]));
}

export function decode(value: unknown, port: ReferencePort): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((each) => decode(each, port));
  if (value instanceof Map) return decodeReference(value as Reference, port);
  const made: Record<string | symbol, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const name = key === disposeKey ? Symbol.asyncDispose : key;
    Object.defineProperty(made, name, { value: decode(member, port), enumerable: true, writable: true, configurable: true });
  }
  return made;
}

function decodeReference(given: Reference, port: ReferencePort): unknown {
  const id = Number(given.get('id'));
  switch (given.get('kind')) {
    case 'function':
      return port.borrow(id);
    case 'map':
      return new Map((given.get('entries') as [unknown, unknown][]).map(([key, each]) => [key, decode(each, port)]));
    case 'set':
      return new Set(given.get('values') as unknown[]);
    case 'error':
      return decodeError(given);
    case 'signal':
      return decodeSignal(given, port);
    case 'promise':
      return handled(port.borrow(id)());
    case 'readable':
      return readableOf(port.borrow(id), given.get('objectMode') === true);
    case 'writable':
      return writableOf(port.borrow(id));
    case 'iterable':
      return iterableOf(port.borrow(id));
    case 'logger':
      return port.log;
    default:
      throw new JockerError('internal', 'the other process sent a reference of no known kind');
  }
}

/** Own members, and the methods of the classes. */
export function membersOf(value: object): readonly (readonly [string, unknown])[] {
  const members = new Map<string, unknown>();
  for (let at: object | null = value; at !== null && at !== Object.prototype; at = Reflect.getPrototypeOf(at)) {
    for (const key of at === value ? Object.keys(at) : Object.getOwnPropertyNames(at)) {
      if (members.has(key) || (at !== value && (key === 'constructor' || methodsOfObject.has(key)))) continue;
      const member: unknown = Reflect.get(value, key);
      members.set(key, typeof member === 'function' ? member.bind(value) : member);
    }
  }
  const dispose: unknown = Reflect.get(value, Symbol.asyncDispose);
  if (typeof dispose === 'function') members.set(disposeKey, dispose.bind(value));
  return [...members].filter(([, member]) => member !== undefined);
}

function encodePromise(promise: Promise<unknown>, port: ReferencePort): Reference {
  return reference('promise', { id: port.offer(async () => await handled(promise)) });
}

/** Whether somebody waits for it is for the other side to know. */
function handled(promise: Promise<unknown>): Promise<unknown> {
  promise.catch(() => undefined);
  return promise;
}

function isLogger(value: object): boolean {
  const { debug, info, warn, error } = value as Record<string, unknown>;
  return [debug, info, warn, error].every((each) => typeof each === 'function');
}

export function encodeError(error: unknown): Reference {
  const message = error instanceof Error ? error.message : String(error);
  if (isJockerError(error)) return reference('error', { message, code: error.code, details: JSON.stringify(error.details) });
  return reference('error', { message, name: error instanceof Error ? error.name : 'Error' });
}

export function decodeError(given: Reference): Error {
  const message = String(given.get('message'));
  const code = given.get('code');
  if (typeof code === 'string') {
    return new JockerError(code as JockerError['code'], message, {
      details: JSON.parse(String(given.get('details'))) as Record<string, unknown>,
    });
  }
  return Object.assign(new Error(message), { name: String(given.get('name')) });
}

function encodeSignal(signal: AbortSignal, port: ReferencePort): Reference {
  if (signal.aborted) return reference('signal', { reason: encodeError(signal.reason) });
  const id = port.nextId();
  signal.addEventListener('abort', () => port.abort(id, encodeError(signal.reason)), { once: true });
  return reference('signal', { id });
}

function decodeSignal(given: Reference, port: ReferencePort): AbortSignal {
  const reason = given.get('reason');
  if (reason !== undefined) return AbortSignal.abort(decodeError(reason as Reference));
  const controller = new AbortController();
  port.onAbort(Number(given.get('id')), (why) => controller.abort(decodeError(why as Reference)));
  return controller.signal;
}

/** Gives what there is at each call: the reader asks for more when it has room, so that no more than that is on its way. */
function pullerOf(stream: Readable): (verb: unknown) => Promise<unknown> {
  let failure: Error | undefined;
  stream.on('error', (error) => (failure = error));
  return async (verb) => {
    if (verb === 'cancel') return void stream.destroy();
    for (;;) {
      const chunk: unknown = stream.read();
      if (chunk !== null) return { chunk };
      if (failure !== undefined) throw failure;
      if (stream.readableEnded || stream.destroyed) return { done: true };
      await new Promise<void>((resolve) => {
        for (const event of ['readable', 'end', 'error', 'close']) stream.once(event, resolve);
      });
    }
  };
}

function readableOf(pull: RemoteFunction, objectMode: boolean): Readable {
  return new Readable({
    objectMode,
    read() {
      pull('next').then(
        (answer) => this.push((answer as { readonly chunk?: unknown }).chunk ?? null),
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, callback) {
      pull('cancel').catch(() => undefined);
      callback(error);
    },
  });
}

function encodeWritable(stream: Writable, port: ReferencePort): Reference {
  const write = async (verb: unknown, chunk: unknown): Promise<void> => {
    if (verb === 'destroy') stream.destroy();
    else if (verb === 'end') stream.end();
    else await new Promise<void>((resolve, reject) => stream.write(chunk, (error) => (error ? reject(error) : resolve())));
  };
  return reference('writable', { id: port.offer(write as (...given: unknown[]) => unknown) });
}

function writableOf(write: RemoteFunction): Writable {
  const sent = callbackify(async (verb: string, chunk: unknown): Promise<void> => void (await write(verb, chunk)));
  return new Writable({
    write: (chunk, _encoding, callback) => sent('write', chunk, callback),
    final: (callback) => sent('end', undefined, callback),
    destroy: (error, callback) => sent('destroy', undefined, () => callback(error)),
  });
}

function encodeIterable(iterable: AsyncIterable<unknown>, port: ReferencePort): Reference {
  const iterator = iterable[Symbol.asyncIterator]();
  const next = async (verb: unknown): Promise<unknown> => (verb === 'cancel' ? await iterator.return?.() : await iterator.next());
  return reference('iterable', { id: port.offer(next as (...given: unknown[]) => unknown) });
}

async function* iterableOf(next: RemoteFunction): AsyncGenerator<unknown> {
  try {
    for (;;) {
      const { value, done } = (await next('next')) as IteratorResult<unknown>;
      if (done === true) return;
      yield value;
    }
  } finally {
    await next('cancel').catch(() => undefined);
  }
}
