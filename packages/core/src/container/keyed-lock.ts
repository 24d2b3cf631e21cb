/** Work on one key runs one after the other, in the order of the calls; work on different keys does not wait. */
export interface KeyedLock {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** For work that ends elsewhere: the turn lasts until the disposal. */
  acquire(key: string): Promise<Disposable>;
}

export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<unknown>>();
  const run = <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = tails.get(key);
    const result = before === undefined ? work() : before.then(work);
    const tail = result
      .catch(() => undefined)
      .then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
    tails.set(key, tail);
    return result;
  };
  return {
    run,
    acquire: (key) =>
      new Promise((resolve) => {
        void run(key, () => new Promise<void>((release) => resolve({ [Symbol.dispose]: release })));
      }),
  };
}
