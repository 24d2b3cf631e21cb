import type { Readable } from 'node:stream';
import type { PushProgress } from '../engine/engine.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { OperationContext } from '../operation/operation-context.ts';
import type { ImageReference } from '../reference/image-reference.ts';
import type { RegistryCredentials } from './image-source.ts';

/** Where images go: the other half of an `ImageSource`. */
export interface ImageDestination {
  readonly name: string;
  /** Cheap and pure. The first destination that accepts is used. */
  accepts(reference: ImageReference): boolean | Promise<boolean>;
  /**
   * Sends what is missing there, config and layers before the manifest. A blob is sent once, whoever pushes it at the same time.
   * Throws `unauthenticated`, `permission-denied`, `unavailable`.
   */
  push(image: PushedImage, context: PushContext): Promise<void>;
  /** Tries credentials, for `login`. Throws `unauthenticated` when they do not do. */
  authenticate?(
    credentials: RegistryCredentials,
    context: OperationContext,
  ): Promise<{ readonly status: string; readonly identityToken: string }>;
}

export interface PushedImage {
  readonly reference: ImageReference;
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  /** Repositories (`docker.io/library/alpine`) that the image came from: its blobs may be there already. */
  readonly knownRepositories: readonly string[];
  /** The destination destroys the stream. */
  read(blob: Descriptor): Promise<Readable>;
}

export interface PushContext extends OperationContext {
  readonly credentials?: RegistryCredentials;
  readonly onProgress: (layers: readonly PushProgress[]) => void;
}
