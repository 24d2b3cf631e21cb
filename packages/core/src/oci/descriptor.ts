import type { Digest } from './digest.ts';
import type { Platform } from './platform.ts';

/** OCI image-spec descriptor: what a blob is, and how to check it. `size` in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
}
