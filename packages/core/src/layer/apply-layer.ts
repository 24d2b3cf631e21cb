import { availableParallelism } from 'node:os';
import { createWorkerPool } from '../worker/worker-pool.ts';
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
  const pool = createWorkerPool<UnpackLayerRequest, number, AppliedLayer>({
    url: options.workerUrl ?? defaultWorkerUrl(),
    name: 'jocker-layer',
    mostWorkers: options.workers ?? Math.min(availableParallelism(), workersAtMost),
    idleMs,
    closesDescriptors: true,
  });
  return {
    async applyLayer({ signal, onProgress, limits, ...request }) {
      const question: UnpackLayerRequest = { ...request, limits: { ...defaultLayerLimits, ...limits } };
      return await pool.ask(question, onProgress === undefined ? { signal } : { signal, onProgress });
    },
    close: async () => await pool.close(),
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
