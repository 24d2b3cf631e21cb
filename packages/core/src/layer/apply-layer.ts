import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { JockerError } from '../errors/jocker-error.ts';
import type { WorkerAnswer, WorkerQuestion, WorkerResult } from './layer-worker-messages.ts';
import { defaultLayerLimits, type LayerLimits } from './layer-limits.ts';
import type { AppliedLayer, UnpackLayerRequest } from './unpack-layer.ts';

export interface ApplyLayerRequest extends Omit<UnpackLayerRequest, 'limits'> {
  readonly limits?: Partial<LayerLimits>;
  readonly signal: AbortSignal;
  /** Compressed bytes taken so far; now and then. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Applies layers in threads of its own, never on the caller's, a few at the same time; more wait in their order. When a
 * promise settles nothing writes into the directory any more; after a failure its content is undefined.
 */
export interface LayerApplier {
  /** `data-loss`: truncated, corrupt or hostile; `resource-exhausted`: a bound or the disk; `cancelled`: the signal. */
  applyLayer(request: ApplyLayerRequest): Promise<AppliedLayer>;
  /** Ends the threads; what runs is cancelled. */
  close(): Promise<void>;
}

const workersAtMost = 4;
/** Threads stay for the next layer of the same pull. */
const idleMs = 2_000;

/** In a bundle the worker is an entry of its own beside this file's chunk. */
function defaultWorkerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './layer-worker.ts' : './layer-worker.mjs', import.meta.url);
}

export function createLayerApplier(options: { readonly workerUrl?: URL; readonly workers?: number } = {}): LayerApplier {
  const mostWorkers = options.workers ?? Math.min(availableParallelism(), workersAtMost);
  const workerUrl = options.workerUrl ?? defaultWorkerUrl();
  const idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout }[] = [];
  const waiting: (() => void)[] = [];
  const closing = new AbortController();
  let running = 0;

  async function takeTurn(signal: AbortSignal): Promise<void> {
    if (running < mostWorkers) {
      running++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(new JockerError('cancelled', 'a layer was not unpacked: cancelled'));
      };
      waiting.push(go);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  function giveTurn(): void {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }

  function takeWorker(): Worker {
    const kept = idle.pop();
    if (kept === undefined) return new Worker(workerUrl, { name: 'jocker-layer' });
    clearTimeout(kept.timer);
    kept.worker.ref();
    return kept.worker;
  }

  function keepWorker(worker: Worker): void {
    worker.unref();
    const timer = setTimeout(() => {
      idle.splice(idle.indexOf(entry), 1);
      void worker.terminate();
    }, idleMs).unref();
    const entry = { worker, timer };
    idle.push(entry);
  }

  async function ask(
    worker: Worker,
    question: WorkerQuestion,
    signal: AbortSignal,
    onProgress: ((bytes: number) => void) | undefined,
  ): Promise<WorkerResult> {
    const { promise, resolve, reject } = Promise.withResolvers<WorkerResult>();
    const onMessage = (answer: WorkerAnswer): void => {
      if (answer.kind === 'progress') onProgress?.(answer.bytes);
      else resolve(answer);
    };
    const onAbort = (): void => reject(new JockerError('cancelled', 'a layer was not unpacked: cancelled'));
    const onError = (error: unknown): void =>
      reject(new JockerError('internal', 'the thread that unpacks layers failed', { cause: error }));
    const onExit = (): void => onError(new Error('it ended'));
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else worker.postMessage(question);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    }
  }

  async function applyLayer({ signal: ownSignal, onProgress, limits, ...request }: ApplyLayerRequest): Promise<AppliedLayer> {
    const signal = AbortSignal.any([ownSignal, closing.signal]);
    if (signal.aborted) throw new JockerError('cancelled', 'a layer was not unpacked: cancelled');
    await takeTurn(signal);
    try {
      const result = await askWorker({ request: { ...request, limits: { ...defaultLayerLimits, ...limits } } }, signal, onProgress);
      if (result.kind === 'applied') return result.layer;
      throw new JockerError(result.code, result.message, result.cause === '' ? {} : { cause: result.cause });
    } finally {
      giveTurn();
    }
  }

  async function askWorker(question: WorkerQuestion, signal: AbortSignal, onProgress?: (bytes: number) => void): Promise<WorkerResult> {
    const worker = takeWorker();
    try {
      const result = await ask(worker, question, signal, onProgress);
      keepWorker(worker);
      return result;
    } catch (error) {
      // It may be in the middle of a write; terminated it writes no more.
      await worker.terminate();
      throw error;
    }
  }

  return {
    applyLayer,
    async close() {
      closing.abort();
      for (const { timer } of idle) clearTimeout(timer);
      await Promise.all(idle.splice(0).map(({ worker }) => worker.terminate()));
    },
  };
}

/** One layer, in a thread for it alone. */
export async function applyLayer(request: ApplyLayerRequest): Promise<AppliedLayer> {
  const applier = createLayerApplier({ workers: 1 });
  try {
    return await applier.applyLayer(request);
  } finally {
    await applier.close();
  }
}
