import { JockerError } from '../errors/jocker-error.ts';
import { decode, decodeError, encode, encodeError, type Reference, type ReferencePort, type RemoteFunction } from './remote-values.ts';

export type RemoteMessage =
  | { readonly kind: 'call'; readonly id: number; readonly target: number | string; readonly given: readonly unknown[] }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: Reference }
  | { readonly kind: 'abort'; readonly id: number; readonly reason: unknown }
  | { readonly kind: 'free'; readonly ids: readonly number[] };

export interface RemoteChannelOptions {
  readonly send: (message: RemoteMessage) => void;
  /** What the other side may call by name. */
  readonly offers: Readonly<Record<string, (...given: never[]) => unknown>>;
  /** What a logger from the other side becomes here. */
  readonly log: unknown;
}

/** Calls in both directions between two processes. Functions that travel along stay callable until the other side forgets them. */
export interface RemoteChannel {
  call(name: string, ...given: readonly unknown[]): Promise<unknown>;
  receive(message: unknown): void;
  /** Fails every call that is on its way, and all later ones. */
  close(error: Error): void;
  /** Calls of this side that have no answer yet. */
  readonly waiting: number;
}

export function createRemoteChannel({ send, offers, log }: RemoteChannelOptions): RemoteChannel {
  const offered = new Map<number, (...given: unknown[]) => unknown>();
  const answers = new Map<number, PromiseWithResolvers<unknown>>();
  const aborts = new Map<number, (reason: unknown) => void>();
  let lastId = 0;
  let closed: Error | undefined;
  const forgotten = new FinalizationRegistry<number>((id) => {
    if (closed === undefined) send({ kind: 'free', ids: [id] });
  });
  const call = async (target: number | string, given: readonly unknown[]): Promise<unknown> => {
    if (closed !== undefined) throw closed;
    const id = (lastId += 1);
    const answer = Promise.withResolvers<unknown>();
    answers.set(id, answer);
    send({ kind: 'call', id, target, given: given.map((each) => encode(each, port)) });
    return await answer.promise;
  };
  const port: ReferencePort = {
    offer(offer) {
      const id = (lastId += 1);
      offered.set(id, offer);
      return id;
    },
    borrow(id) {
      const borrowed: RemoteFunction = async (...given) => await call(id, given);
      forgotten.register(borrowed, id);
      return borrowed;
    },
    onAbort: (id, abort) => void aborts.set(id, abort),
    abort: (id, reason) => closed ?? send({ kind: 'abort', id, reason }),
    nextId: () => (lastId += 1),
    log,
  };
  const answer = async (id: number, target: number | string, given: readonly unknown[]): Promise<void> => {
    try {
      const work = typeof target === 'string' ? (Object.hasOwn(offers, target) ? offers[target] : undefined) : offered.get(target);
      if (work === undefined) throw new JockerError('internal', 'the other process calls what it was not given');
      const value: unknown = await (work as (...passed: unknown[]) => unknown)(...given.map((each) => decode(each, port)));
      if (closed === undefined) send({ kind: 'answer', id, value: encode(value, port) });
    } catch (error) {
      if (closed === undefined) send({ kind: 'answer', id, error: encodeError(error) });
    }
  };
  return {
    call: async (name, ...given) => await call(name, given),
    receive(received) {
      const message = received as RemoteMessage;
      if (message.kind === 'call') void answer(message.id, message.target, message.given);
      else if (message.kind === 'abort') {
        aborts.get(message.id)?.(message.reason);
        aborts.delete(message.id);
      } else if (message.kind === 'free') for (const id of message.ids) offered.delete(id);
      else if (message.kind === 'answer') {
        const waiting = answers.get(message.id);
        answers.delete(message.id);
        if (message.error === undefined) waiting?.resolve(decode(message.value, port));
        else waiting?.reject(decodeError(message.error));
      }
    },
    close(error) {
      closed ??= error;
      for (const waiting of answers.values()) waiting.reject(error);
      answers.clear();
      offered.clear();
      aborts.clear();
    },
    get waiting() {
      return answers.size;
    },
  };
}
