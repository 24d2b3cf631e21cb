import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@jocker/core';

/** A folder whose content is on its way out: what is moved here is gone for everybody, and deleted when there is time. */
export class Trash implements AsyncDisposable {
  readonly #directory: string;
  readonly #log: Logger;
  readonly #waiting: string[] = [];
  #counter = 0;
  #emptying: Promise<void> | undefined;
  #closed = false;

  constructor(directory: string, log: Logger) {
    this.#directory = directory;
    this.#log = log;
  }

  /** Goes on with what an earlier process left. */
  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    this.#waiting.push(...(await readdir(this.#directory)));
    this.#empty();
  }

  /** One rename, also on a full disk; what cannot be moved is deleted on the spot. Nothing happens when it is not there. */
  async take(path: string): Promise<void> {
    const name = `${process.pid}-${Date.now()}-${this.#counter++}`;
    try {
      await rename(path, join(this.#directory, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      await rm(path, { recursive: true, force: true });
      return;
    }
    this.#waiting.push(name);
    this.#empty();
  }

  /** Waits for the deletion that runs; the rest stays for the next process. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#emptying;
  }

  #empty(): void {
    if (this.#closed) return;
    this.#emptying ??= this.#deleteAll().finally(() => {
      this.#emptying = undefined;
    });
  }

  async #deleteAll(): Promise<void> {
    for (let name = this.#waiting.shift(); name !== undefined && !this.#closed; name = this.#waiting.shift()) {
      try {
        await rm(join(this.#directory, name), { recursive: true, force: true });
      } catch (error) {
        this.#log.warn('a removed snapshot could not be deleted and is tried again at the next start', { name, error: String(error) });
      }
    }
  }
}
