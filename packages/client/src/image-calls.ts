import type { Readable } from 'node:stream';
import type {
  Digest,
  ImageDetails,
  ImageHistoryView,
  ImageView,
  LayerProgress,
  PullRequest,
  PullResult,
  PushProgress,
  RegistryCredentials,
  RemovedImages,
} from '@jocker/protocol';
import { callWithProgress, type ProgressOptions } from './progress-call.ts';
import { pathOf, type UnixSocket } from './unix-socket.ts';

export interface ImageCalls {
  pull(reference: string, options?: Omit<PullRequest, 'reference'> & ProgressOptions<LayerProgress>): Promise<PullResult>;
  push(
    reference: string,
    options?: { readonly credentials?: RegistryCredentials } & ProgressOptions<PushProgress>,
  ): Promise<{ readonly manifest: Digest; readonly sizeBytes: number }>;
  list(options?: { readonly all?: boolean }): Promise<readonly ImageView[]>;
  /** By reference, id or id prefix. */
  inspect(reference: string): Promise<ImageDetails>;
  history(reference: string): Promise<readonly ImageHistoryView[]>;
  tag(reference: string, newReference: string): Promise<void>;
  remove(reference: string, options?: { readonly force?: boolean; readonly prune?: boolean }): Promise<RemovedImages>;
  prune(options: { readonly danglingOnly: boolean }): Promise<RemovedImages & { readonly reclaimedBytes: number }>;
  save(references: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<Readable>;
  load(
    archive: Readable,
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly { readonly imageId: Digest; readonly references: readonly string[] }[]>;
  import(
    archive: Readable,
    options?: {
      readonly reference?: string;
      readonly message?: string;
      readonly platform?: string;
      readonly changes?: readonly string[];
      readonly signal?: AbortSignal;
    },
  ): Promise<{ readonly imageId: Digest }>;
}

export function createImageCalls(socket: UnixSocket): ImageCalls {
  return {
    pull: (reference, { onProgress, signal, ...rest } = {}) =>
      callWithProgress(socket, { method: 'POST', path: '/images/pull', json: { reference, ...rest } }, { onProgress, signal }),
    push: (reference, { onProgress, signal, ...rest } = {}) =>
      callWithProgress(socket, { method: 'POST', path: '/images/push', json: { reference, ...rest } }, { onProgress, signal }),
    list: ({ all } = {}) => socket.json({ method: 'GET', path: '/images', query: { all } }),
    inspect: (reference) => socket.json({ method: 'GET', path: pathOf('images', reference) }),
    history: (reference) => socket.json({ method: 'GET', path: pathOf('images', reference, 'history') }),
    tag: (reference, newReference) => socket.json({ method: 'POST', path: '/images/tag', json: { reference, newReference } }),
    remove: (reference, { force, prune } = {}) =>
      socket.json({ method: 'DELETE', path: pathOf('images', reference), query: { force, prune } }),
    prune: (options) => socket.json({ method: 'POST', path: '/images/prune', json: options }),
    save: (references, { signal } = {}) => socket.send({ method: 'POST', path: '/images/save', json: { references }, signal }),
    load: (archive, { signal } = {}) => socket.json({ method: 'POST', path: '/images/load', body: archive, signal }),
    import: (archive, { signal, changes, ...query } = {}) =>
      socket.json({ method: 'POST', path: '/images/import', body: archive, query: { ...query, change: changes }, signal }),
  };
}
