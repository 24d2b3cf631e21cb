import type { Readable } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Platform } from '../oci/platform.ts';
import type { ImageReference } from '../reference/image-reference.ts';
import type { OperationContext } from '../operation/operation-context.ts';

export interface ImageSourceContext extends OperationContext {
  /** The platform that the image will run on; a source that can choose gives this one. */
  readonly platform: Platform;
  /** Credentials that came with the request, for the host they name only. */
  readonly credentials?: RegistryCredentials;
}

export interface RegistryCredentials {
  /** The registry host they belong to; never sent to another. */
  readonly host: string;
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

/**
 * Where images come from; the whole job of a third party.
 *
 * `resolve` names the manifest (or index) of a reference; `fetch` gives the bytes of any blob reachable from it. The
 * engine verifies every digest and size while it reads, chooses the platform in an index, and never fetches a blob that
 * it has. A source that makes its image on the fly (`host:`, `rootfs:`) builds it in `resolve` and may keep the bytes in
 * `context`-independent temporary files until `release`.
 */
export interface ImageSource {
  /** Unique among the sources of an engine; stands in events and errors. */
  readonly name: string;
  /** References `SCHEME:…` belong to this source; it is then asked first. Lower-case letters, digits and dashes. */
  readonly schemes?: readonly string[];
  /** Cheap and pure. The first source that accepts wins. */
  accepts(reference: ImageReference): boolean | Promise<boolean>;
  /** Throws `not-found` for an image that is not there, `unauthenticated` or `permission-denied` when it may not be read. */
  resolve(reference: ImageReference, context: ImageSourceContext): Promise<Descriptor>;
  /**
   * The bytes of a blob from `offset` on (0 unless the engine resumes a broken download). A source that cannot seek
   * throws `unsupported` for an offset that is not 0; the engine then starts again. The engine destroys the stream.
   */
  fetch(reference: ImageReference, blob: Descriptor, offset: number, context: ImageSourceContext): Promise<Readable>;
  /** Called once after every `resolve` that succeeded, when the pull is over, however it ended. */
  release?(reference: ImageReference): Promise<void>;
}
