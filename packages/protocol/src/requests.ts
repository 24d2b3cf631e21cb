import type { ExecCreateRequest, LayerProgress, PullResult, PushProgress, RegistryCredentials } from './views.ts';
import type { ErrorBody } from './jocker-error.ts';

/** Names the caller in records and events: `cli`, `vscode`. */
export const clientHeader = 'jocker-client';
/**
 * `cancel`: the work that this call started (a pull, a create) ends with the connection. Without it such work goes on and is
 * found under operations.
 */
export const onDisconnectHeader = 'jocker-on-disconnect';
/** In `Upgrade:` of attach and exec: the connection carries frames afterwards. */
export const streamProtocol = 'jocker-stream';
/** In `Accept:` of pull, push and create: progress line by line, the result last. */
export const progressMediaType = 'application/x-ndjson';
export const frameMediaType = 'application/vnd.jocker.frames';

export interface PullRequest {
  readonly reference: string;
  readonly platform?: string;
  readonly credentials?: RegistryCredentials;
}

/** One line of an answer with progress. */
export type ProgressLine<Progress, Result> =
  | { readonly progress: readonly Progress[] }
  | { readonly result: Result }
  | { readonly error: ErrorBody };

export type PullLine = ProgressLine<LayerProgress, PullResult>;
export type PushLine = ProgressLine<PushProgress, { readonly manifest: string; readonly sizeBytes: number }>;

export interface CreateResult {
  readonly id: string;
  readonly name: string;
  readonly warnings: readonly string[];
}

/** The two calls of the walkthrough. */
export interface RunRequest {
  readonly image: string;
  readonly name: string;
}
export interface RunAnswer {
  readonly status: 'started';
  readonly name: string;
}
export type ExecRequestBody = Pick<ExecCreateRequest, 'user' | 'workingDir' | 'env'> & {
  readonly name: string;
  readonly cmd: readonly string[];
};
