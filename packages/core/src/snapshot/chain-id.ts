import { createHash } from 'node:crypto';
import type { Digest } from '../oci/digest.ts';

/** The chain id of each layer, lowest first (image-spec, config.md): what a layer is together with all below it. */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}`);
  }
  return chain;
}

/** What an image's root file system is called; undefined for an image without layers. */
export function topChainId(diffIds: readonly Digest[]): Digest | undefined {
  return chainIds(diffIds).at(-1);
}
