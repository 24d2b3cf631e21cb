import type { Readable } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

/**
 * Blobs by digest, in the shape of an OCI image layout (`oci-layout`, `blobs/sha256/<hex>`), so that skopeo can read it.
 * A blob is there whole and verified, or not at all: write, fsync, rename, fsync of the directory.
 */
export interface ContentStore {
  /** The folder of the layout. */
  readonly path: string;
  has(digest: Digest): Promise<boolean>;
  /** Size in bytes. Throws `not-found`. */
  size(digest: Digest): Promise<number>;
  /** Where the blob lies; for readers that need a file. Throws `not-found`. */
  pathOf(digest: Digest): string;
  /** The caller destroys the stream. Throws `not-found`. */
  read(digest: Digest): Promise<Readable>;
  /** The whole blob. Throws `not-found`, and `resource-exhausted` when it is larger than `maxBytes` (4 MiB by default). */
  readAll(digest: Digest, maxBytes?: number): Promise<Buffer>;
  /** How many bytes of an interrupted download are kept; 0 when none. */
  partialSize(digest: Digest): Promise<number>;
  /**
   * Takes the blob's bytes from `offset` on (0, or what `partialSize` said) and verifies size and digest while they
   * stream. On a digest mismatch throws `data-loss` and keeps nothing; when the source breaks, what came is kept as a
   * partial. Two writers of one digest do not disturb each other.
   */
  write(
    blob: Descriptor,
    source: Readable,
    options: { offset: number; signal: AbortSignal; onBytes?: (received: number) => void },
  ): Promise<void>;
  /** Small blobs that the engine makes itself (configs, manifests). */
  put(bytes: Uint8Array, mediaType: string): Promise<Descriptor>;
  /** A blob of which neither digest nor size is known yet (a layer that is being written); verified by construction. */
  ingest(source: Readable, mediaType: string, signal: AbortSignal): Promise<Descriptor>;
  /** Nothing happens when the blob is not there. */
  remove(digest: Digest): Promise<void>;
  /** Forgets all interrupted downloads but those that are being written. Gives the bytes that became free. */
  removePartials(): Promise<number>;
  list(): AsyncIterable<{ readonly digest: Digest; readonly size: number }>;
}
