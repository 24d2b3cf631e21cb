import type { Digest } from '../oci/digest.ts';

/**
 * An image reference after `parseReference`. `text` is the normalised form: it parses to the same value, and is what
 * records and events carry.
 *
 * - registry: `alpine` is `{ domain: 'docker.io', path: 'library/alpine', tag: 'latest' }`.
 * - scheme: `host:busybox`, `oci:./layout`, `rootfs:/x.tar.gz`: everything behind the first colon is the source's own
 *   business (`location`). A scheme is known because an image source claims it; otherwise `a:b` is a name and a tag.
 */
export type ImageReference = RegistryReference | SchemeReference;

export interface RegistryReference {
  readonly kind: 'registry';
  readonly text: string;
  /** `docker.io`, `127.0.0.1:5000`. */
  readonly domain: string;
  /** `library/alpine`. */
  readonly path: string;
  /** Absent when only a digest was given. */
  readonly tag?: string;
  /** Wins over the tag when both are given. */
  readonly digest?: Digest;
}

export interface SchemeReference {
  readonly kind: 'scheme';
  readonly text: string;
  readonly scheme: string;
  readonly location: string;
}
