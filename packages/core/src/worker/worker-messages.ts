import type { ErrorCode } from '../errors/jocker-error.ts';

/** An Error loses its class on its way between threads, so it travels as its parts. */
export interface WorkerFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly cause: string;
}

export type WorkerMessage<Progress, Answer> =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly failure: WorkerFailure };
