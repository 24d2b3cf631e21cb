import type { ErrorCode } from '../errors/jocker-error.ts';
import type { AppliedLayer, UnpackLayerRequest } from './unpack-layer.ts';

export interface WorkerQuestion {
  readonly request: UnpackLayerRequest;
}

export type WorkerAnswer = WorkerResult | { readonly kind: 'progress'; readonly bytes: number };

/** An Error loses its class on its way between threads, so it travels as its parts. */
export type WorkerResult =
  | { readonly kind: 'applied'; readonly layer: AppliedLayer }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly cause: string };
