/** Which objects have a verb under way that this window started, for the spinner on their row. */
export class BusyRows {
  readonly #verbs = new Map<string, string>();
  readonly #listeners = new Set<(id: string) => void>();

  of(id: string): string | undefined {
    return this.#verbs.get(id);
  }

  onChange(listener: (id: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  async while<T>(id: string, verb: string, work: () => Promise<T>): Promise<T> {
    this.#set(id, verb);
    try {
      return await work();
    } finally {
      this.#set(id, undefined);
    }
  }

  #set(id: string, verb: string | undefined): void {
    if (verb === undefined) this.#verbs.delete(id);
    else this.#verbs.set(id, verb);
    for (const listener of this.#listeners) listener(id);
  }
}
