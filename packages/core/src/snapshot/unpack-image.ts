import { randomBytes } from 'node:crypto';
import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { ContentStore } from '../content/content-store.ts';
import type { LayerProgress } from '../events/lifecycle-events.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { LayerApplier } from '../layer/apply-layer.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import type { Logger, OperationContext } from '../operation/operation-context.ts';
import { chainIds } from './chain-id.ts';
import { limitConcurrency } from './limit-concurrency.ts';
import type { Snapshotter } from './snapshotter.ts';

export interface UnpackerOptions {
  readonly snapshotter: Snapshotter;
  readonly contentStore: Pick<ContentStore, 'pathOf'>;
  readonly applyLayer: LayerApplier['applyLayer'];
  /** Makes everything below a folder's file system durable. */
  readonly syncFileSystem: (directory: string) => Promise<void>;
}

export interface UnpackedImage {
  /** Undefined for an image without layers. */
  readonly chainId: Digest | undefined;
  /** How many layers this call, or another that it waited for, had to apply. */
  readonly applied: number;
}

export interface Unpacker {
  /**
   * Makes all layers of an image ready. Layers that are there are left alone; a layer that another call is applying is
   * waited for. When it fails or is cancelled, what was finished stays for the next attempt, and nothing else does.
   */
  unpackImage(
    manifest: Pick<ImageManifest, 'layers'>,
    config: Pick<ImageConfig, 'rootfs'>,
    context: OperationContext & { readonly onProgress?: (layer: LayerProgress) => void },
  ): Promise<UnpackedImage>;
  /** Removes what an earlier process was unpacking. At the engine's start, before anything is unpacked. */
  removeLeftovers(): Promise<number>;
}

const keyPrefix = 'unpack-';

/** Gunzip and file creation in one layer leave a second core free; more at once only wait for the disk. */
const layersAtOnce = 2;

interface LayerWork {
  readonly chainId: Digest;
  readonly parent: Digest | undefined;
  readonly key: string;
  readonly controller: AbortController;
  readonly listeners: Set<(bytesDone: number) => void>;
  /** Calls that wait for it; without any it is given up. */
  waiters: number;
  /** Settles when the layer is applied; rejects with what went wrong. */
  applied: Promise<void>;
  /** Set once it is applied: it lies on disk, not yet durable, not yet committed. */
  result: { readonly directory: string; readonly sizeBytes: number } | undefined;
}

interface LayerSource {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly sizeBytes: number;
}

/** One per snapshotter: it is what lets two pulls of images with common layers share the work. */
export function createUnpacker({ snapshotter, contentStore, applyLayer, syncFileSystem }: UnpackerOptions): Unpacker {
  const works = new Map<Digest, LayerWork>();
  const limited = limitConcurrency(layersAtOnce);
  let committing: Promise<void> = Promise.resolve();

  function join(chainId: Digest, parent: Digest | undefined, source: LayerSource, log: Logger): LayerWork {
    const running = works.get(chainId);
    if (running !== undefined) {
      running.waiters += 1;
      return running;
    }
    const work: LayerWork = {
      chainId,
      parent,
      key: `${keyPrefix}${randomBytes(8).toString('hex')}`,
      controller: new AbortController(),
      listeners: new Set(),
      waiters: 1,
      applied: Promise.resolve(),
      result: undefined,
    };
    works.set(chainId, work);
    work.applied = apply(work, source, log);
    // Whoever waits hears of it; when nobody does any more, it is no unhandled rejection.
    work.applied.catch(() => undefined);
    return work;
  }

  async function apply(work: LayerWork, source: LayerSource, log: Logger): Promise<void> {
    try {
      const below = work.parent === undefined ? undefined : works.get(work.parent);
      const early = below !== undefined && below.result === undefined && snapshotter.whiteouts === 'overlay';
      if (!early || !(await limited(async () => await applyEarly(work, source, log)))) {
        // Without an await when nothing is below: the lowest layer takes its turn before those that could go early.
        if (below !== undefined) await below.applied;
        // A plain layer starts as a copy of its parent.
        if (below !== undefined && snapshotter.whiteouts === 'plain') await commitApplied();
        await limited(async () => await applyNow(work, source, await directoriesBelow(work.parent), log));
      }
      // Given up while its last bytes were written.
      if (works.get(work.chainId) !== work) throw cancelled(work.chainId);
    } catch (error) {
      forget(work);
      await discard(work, log);
      throw error;
    }
  }

  /**
   * While the layers below are still being applied. Most layers carry every folder of theirs and so can do without; one
   * that does not (`lib/x` where `lib` is a link below) stops there, and false says that it has to wait.
   */
  async function applyEarly(work: LayerWork, source: LayerSource, log: Logger): Promise<boolean> {
    try {
      await applyNow(work, source, 'pending', log);
      return true;
    } catch (error) {
      if (!isJockerError(error, 'failed-precondition')) throw error;
      await snapshotter.remove(work.key);
      return false;
    }
  }

  async function applyNow(work: LayerWork, source: LayerSource, parents: readonly string[] | 'pending', log: Logger): Promise<void> {
    const { signal } = work.controller;
    if (signal.aborted) throw cancelled(work.chainId);
    const { directory } = await snapshotter.prepareLayer(work.key, work.parent, { signal, log });
    const { sizeBytes, warnings } = await applyLayer({
      blobPath: contentStore.pathOf(source.digest),
      directory,
      whiteouts: snapshotter.whiteouts,
      expectedDiffId: source.diffId,
      parentDirectories: parents,
      signal,
      onProgress: (bytesDone) => {
        for (const listener of work.listeners) listener(bytesDone);
      },
    });
    if (warnings.length > 0) log.warn('a layer was unpacked without some attributes', { diffId: source.diffId, warnings });
    work.result = { directory, sizeBytes };
  }

  /** Top first; a plain layer has everything in its own directory. */
  async function directoriesBelow(chainId: Digest | undefined): Promise<readonly string[]> {
    if (chainId === undefined || snapshotter.whiteouts === 'plain') return [];
    const work = works.get(chainId);
    if (work?.result === undefined) return await snapshotter.layerDirectories(chainId);
    return [work.result.directory, ...(await directoriesBelow(work.parent))];
  }

  function forget(work: LayerWork): void {
    if (works.get(work.chainId) === work) works.delete(work.chainId);
  }

  async function discard(work: LayerWork, log: Logger): Promise<void> {
    await snapshotter.remove(work.key).catch((error: unknown) => {
      log.warn('what was unpacked of a layer could not be removed and goes at the next start', { key: work.key, error: String(error) });
    });
  }

  /** One commit at a time: sync once, then a record for every applied layer that stands on committed ones. */
  async function commitApplied(): Promise<void> {
    committing = committing.catch(() => undefined).then(commitReady);
    await committing;
  }

  async function commitReady(): Promise<void> {
    const ready = new Map<Digest, LayerWork>();
    for (let grown = true; grown;) {
      grown = false;
      for (const work of works.values()) {
        if (work.result === undefined || ready.has(work.chainId) || !(await standsOn(work.parent, ready))) continue;
        ready.set(work.chainId, work);
        grown = true;
      }
    }
    const [first] = ready.values();
    if (first?.result !== undefined) await syncFileSystem(first.result.directory);
    for (const work of ready.values()) {
      await snapshotter.commitLayer(work.chainId, work.key, work.result?.sizeBytes);
      works.delete(work.chainId);
    }
  }

  async function standsOn(parent: Digest | undefined, ready: ReadonlyMap<Digest, LayerWork>): Promise<boolean> {
    if (parent === undefined || ready.has(parent)) return true;
    return !works.has(parent) && (await snapshotter.has(parent));
  }

  /** A layer that no call waits for any more is stopped; one that was applied on top of it is of no use. */
  async function release(joined: readonly LayerWork[], log: Logger): Promise<void> {
    for (const work of joined) work.waiters -= 1;
    const unwanted = joined.filter((work) => work.waiters === 0 && works.get(work.chainId) === work);
    const unfinished = unwanted.filter((work) => work.result === undefined);
    for (const work of unfinished) {
      // Forgotten first: a call that comes now starts anew instead of joining what is being stopped.
      forget(work);
      work.controller.abort();
    }
    try {
      await commitApplied();
    } finally {
      for (const work of unwanted) {
        if (work.waiters > 0 || work.result === undefined || works.get(work.chainId) !== work) continue;
        forget(work);
        await discard(work, log);
      }
      // Nothing of this call may still be writing when it has ended.
      await Promise.allSettled(unfinished.map(async (work) => await work.applied));
    }
  }

  return {
    async unpackImage({ layers }, { rootfs: { diffIds } }, { signal, log, onProgress }) {
      if (layers.length !== diffIds.length) {
        throw new JockerError('data-loss', `the image has ${layers.length} layers, but its config names ${diffIds.length}`);
      }
      const chain = chainIds(diffIds);
      const present = await countPresent(snapshotter, chain);
      if (signal.aborted) throw cancelled(chain.at(-1));
      const joined: LayerWork[] = [];
      const stopListening: (() => void)[] = [];
      try {
        for (const [index, chainId] of chain.entries()) {
          const layer = layers[index];
          const diffId = diffIds[index];
          if (index < present || layer === undefined || diffId === undefined) continue;
          const work = join(chainId, chain[index - 1], { digest: layer.digest, diffId, sizeBytes: layer.size }, log);
          joined.push(work);
          if (onProgress !== undefined) stopListening.push(report(work, layer.digest, layer.size, onProgress));
        }
        await abortable(Promise.all(joined.map(async (work) => await work.applied)), signal, chain.at(-1));
      } finally {
        for (const stop of stopListening) stop();
        await release(joined, log);
      }
      return { chainId: chain.at(-1), applied: joined.length };
    },
    async removeLeftovers() {
      const { keys } = await snapshotter.list();
      const leftovers = keys.filter((key) => key.startsWith(keyPrefix));
      for (const key of leftovers) await snapshotter.remove(key);
      return leftovers.length;
    },
  };
}

/** A layer that is there has all below it. */
async function countPresent(snapshotter: Snapshotter, chain: readonly Digest[]): Promise<number> {
  for (let count = chain.length; count > 0; count -= 1) {
    const chainId = chain[count - 1];
    if (chainId !== undefined && (await snapshotter.has(chainId))) return count;
  }
  return 0;
}

function report(work: LayerWork, digest: Digest, bytesTotal: number, onProgress: (layer: LayerProgress) => void): () => void {
  const listener = (bytesDone: number): void => onProgress({ digest, state: 'unpacking', bytesDone, bytesTotal });
  work.listeners.add(listener);
  work.applied.then(
    () => {
      if (work.listeners.has(listener)) onProgress({ digest, state: 'done', bytesDone: bytesTotal, bytesTotal });
    },
    () => undefined,
  );
  return () => work.listeners.delete(listener);
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal, chainId: Digest | undefined): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(cancelled(chainId));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function cancelled(chainId: Digest | undefined): JockerError {
  return new JockerError('cancelled', `unpacking ${chainId ?? 'the image'} was cancelled`);
}
