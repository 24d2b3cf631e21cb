import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContentStore } from '../content/content-store.ts';
import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

const attemptsMax = 6;
const firstPauseMs = 200;
const pauseMsMax = 5000;

export interface DownloadOptions {
  readonly fetch: (blob: Descriptor, offset: number, signal: AbortSignal) => Promise<Readable>;
  readonly signal: AbortSignal;
  readonly onBytes?: (received: number) => void;
}

export interface BlobDownloads {
  /** Resolves with `cached` when the blob was there already. Calls for one digest share a download. */
  download(blob: Descriptor, options: DownloadOptions): Promise<'cached' | 'downloaded'>;
}

interface Running {
  readonly controller: AbortController;
  readonly listeners: Set<(received: number) => void>;
  waiters: number;
  done: Promise<void>;
}

/** One for each content store. */
export function createBlobDownloads(contentStore: ContentStore): BlobDownloads {
  const running = new Map<Digest, Running>();

  async function attemptUntilDone(blob: Descriptor, options: DownloadOptions, work: Running): Promise<void> {
    const { signal } = work.controller;
    const onBytes = (received: number): void => {
      for (const listener of work.listeners) listener(received);
    };
    let resumable = true;
    let attempt = 1;
    let reached = 0;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
      const offset = resumable ? Math.min(await contentStore.partialSize(blob.digest), blob.size) : 0;
      try {
        const source = await options.fetch(blob, offset, signal);
        await contentStore.write(blob, source, { offset, signal, onBytes });
        return;
      } catch (error) {
        if (signal.aborted) throw new JockerError('cancelled', `the download of ${blob.digest} was cancelled`, { cause: error });
        if (offset > 0 && isJockerError(error, 'unsupported')) {
          resumable = false;
          continue;
        }
        // What an earlier download left may be what is wrong; the store has thrown it away.
        if (offset > 0 && isJockerError(error, 'data-loss')) continue;
        // A download that gets further each time may take as many attempts as it needs.
        const partial = await contentStore.partialSize(blob.digest);
        if (partial > reached) attempt = 1;
        reached = Math.max(reached, partial);
        if (!mayPass(error) || attempt >= attemptsMax) throw named(blob, error);
        attempt += 1;
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  return {
    async download(blob, options) {
      for (;;) {
        if (await contentStore.has(blob.digest)) return 'cached';
        options.signal.throwIfAborted();
        const other = running.get(blob.digest);
        try {
          await join(other ?? begin(blob, options), blob, options);
          return 'downloaded';
        } catch (error) {
          // Another's download failed, perhaps for want of its credentials: not a reason for this one to fail.
          if (other === undefined || options.signal.aborted) throw error;
        }
      }
    },
  };

  function begin(blob: Descriptor, options: DownloadOptions): Running {
    const work: Running = { controller: new AbortController(), listeners: new Set(), waiters: 0, done: Promise.resolve() };
    running.set(blob.digest, work);
    work.done = attemptUntilDone(blob, options, work).finally(() => {
      if (running.get(blob.digest) === work) running.delete(blob.digest);
    });
    work.done.catch(() => undefined);
    return work;
  }

  /** Waits for a download; when the last one who waits gives up, it is given up too. */
  async function join(work: Running, blob: Descriptor, { signal, onBytes }: DownloadOptions): Promise<void> {
    work.waiters += 1;
    if (onBytes !== undefined) work.listeners.add(onBytes);
    const gaveUp = Promise.withResolvers<never>();
    const abort = (): void => gaveUp.reject(new JockerError('cancelled', `the download of ${blob.digest} was cancelled`));
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([work.done, gaveUp.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
      if (onBytes !== undefined) work.listeners.delete(onBytes);
      work.waiters -= 1;
      if (work.waiters === 0 && signal.aborted) {
        if (running.get(blob.digest) === work) running.delete(blob.digest);
        work.controller.abort();
        // Nothing of this call may still be writing when it has ended.
        await work.done.catch(() => undefined);
      }
    }
  }
}

/** Errors of the network pass; what the registry or the digest says does not. */
function mayPass(error: unknown): boolean {
  return !isJockerError(error) || error.code === 'unavailable';
}

/** A connection's own error ("aborted") says nothing of what was lost with it. */
function named(blob: Descriptor, error: unknown): JockerError {
  if (isJockerError(error)) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new JockerError('unavailable', `blob ${blob.digest} could not be downloaded: ${why}`, {
    cause: error,
    details: { digest: blob.digest },
  });
}
