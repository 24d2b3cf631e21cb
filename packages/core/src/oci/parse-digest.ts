import { JockerError } from '../errors/jocker-error.ts';
import type { Digest } from './digest.ts';

const pattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && pattern.test(text);
}

/** Strict, because digests become paths and URLs (CVE-2024-3727). Throws `invalid-argument`. */
export function parseDigest(text: unknown): Digest {
  if (isDigest(text)) return text;
  throw new JockerError('invalid-argument', `"${String(text).slice(0, 100)}" is not a digest`);
}
